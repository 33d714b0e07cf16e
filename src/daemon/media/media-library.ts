import { createHash } from 'node:crypto';
import { PosternError } from '../../errors.js';
import type { Media } from '../../gen/berty/messenger/v1/messenger.js';
import { cidOf } from '../group/cid.js';
import type { Groups } from '../group/groups.js';
import type { LiveGroup } from '../group/live-group.js';
import type { StoredEntry } from '../group/log-index.js';
import { PreparedMedia } from './prepared-media.js';
import { fileIn, type MediaFile } from './stored-media.js';

/** The largest file in bytes: with its message it has to fit into an entry of 4 MiB. */
export const mostMediaBytes = 4_000_000;
/** So many places of files are remembered; others are looked for in all messages. */
const mostPlaces = 50_000;

interface Place {
  readonly group: LiveGroup;
  readonly hash: Buffer;
}

/** The files that clients have prepared, and those that came with messages. */
export class MediaLibrary {
  readonly #groups: Groups;
  readonly #prepared = new PreparedMedia();
  readonly #places = new Map<string, Place>();

  constructor(groups: Groups) {
    this.#groups = groups;
  }

  /** Keeps a file until its message is sent; resolves to its CID as text. Throws `MEDIA_FULL`. */
  prepare(info: Media, content: Buffer): string {
    const hash = createHash('sha256').update(content).digest();
    const cid = cidOf(hash).toString('base64url');
    this.#prepared.add(cid, { info: { ...info, cid, content: Buffer.alloc(0) }, content });
    return cid;
  }

  /** A file that was prepared or came. Throws `MEDIA_UNKNOWN`. */
  async file(cid: string): Promise<MediaFile> {
    const found = this.#prepared.get(cid) ?? (await this.#stored(cid));
    if (found !== undefined) return found;
    throw new PosternError(
      'MEDIA_UNKNOWN',
      `no file of the CID ${JSON.stringify(cid.slice(0, 100))} is here`,
      {
        hint: 'files come with the messages of groups, and those that were prepared are forgotten with a restart',
      },
    );
  }

  /** The message with these files is in the log: they need not wait any more. */
  sent(cids: readonly string[], group: LiveGroup, hash: Buffer): void {
    this.told(cids, group, hash);
    if (group.index.find(hash) !== undefined) for (const cid of cids) this.#prepared.drop(cid);
  }

  /** A client was told of these files in this message. */
  told(cids: readonly string[], group: LiveGroup, hash: Buffer): void {
    for (const cid of cids) {
      this.#places.delete(cid);
      this.#places.set(cid, { group, hash });
    }
    for (const [cid] of this.#places) {
      if (this.#places.size <= mostPlaces) break;
      this.#places.delete(cid);
    }
  }

  async #stored(cid: string): Promise<MediaFile | undefined> {
    const place = this.#places.get(cid);
    const entry = place?.group.index.find(place.hash);
    if (place !== undefined && entry !== undefined && !place.group.closing.aborted) {
      return fileOf(place.group, entry, cid);
    }
    // told before this process was started, or long ago
    for (const { live } of this.#groups.all()) {
      for (const each of live === undefined ? [] : [...live.index.ordered].reverse()) {
        const found = live && (await fileOf(live, each, cid));
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }
}

async function fileOf(group: LiveGroup, entry: StoredEntry, cid: string): Promise<MediaFile | undefined> {
  if (entry.messageKey === undefined) return undefined;
  const read = group.member?.readMessage(entry, await group.read(entry));
  return read && fileIn(read.payload, cid);
}
