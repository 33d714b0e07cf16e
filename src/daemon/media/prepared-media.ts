import { PosternError } from '../../errors.js';
import type { MediaFile } from './stored-media.js';

/** A file that was prepared may be dropped for others after so long, milliseconds. */
const keptMs = 60_000;

/** Files that wait for the message that they go with: in memory, and gone with the process. */
export class PreparedMedia {
  readonly #files = new Map<string, MediaFile & { readonly atMs: number }>();
  readonly #mostBytes: number;
  readonly #now: () => number;
  #bytes = 0;

  /** `mostBytes`: of all files together. */
  constructor(mostBytes = 64 << 20, now: () => number = Date.now) {
    this.#mostBytes = mostBytes;
    this.#now = now;
  }

  /** Keeps a file; the same one again only for longer. Throws `MEDIA_FULL`. */
  add(cid: string, file: MediaFile): void {
    this.drop(cid);
    const now = this.#now();
    for (const [other, { atMs }] of this.#files) {
      if (this.#bytes + file.content.length <= this.#mostBytes || now - atMs < keptMs) break;
      this.drop(other);
    }
    if (this.#bytes + file.content.length > this.#mostBytes) {
      throw new PosternError('MEDIA_FULL', `files of ${this.#bytes} bytes wait for their messages already`, {
        hint: 'send the messages that they go with',
      });
    }
    this.#files.set(cid, { ...file, atMs: now });
    this.#bytes += file.content.length;
  }

  get(cid: string): MediaFile | undefined {
    return this.#files.get(cid);
  }

  drop(cid: string): void {
    const file = this.#files.get(cid);
    if (file === undefined) return;
    this.#files.delete(cid);
    this.#bytes -= file.content.length;
  }
}
