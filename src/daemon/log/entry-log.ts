import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorText, PosternError } from '../../errors.js';
import { type DurableSteps, plainSteps } from './durable-steps.js';
import { type Kept, readLog } from './read-log.js';
import { encodeRecord, fileMagic, headerBytes, type Place } from './record.js';

/** One group commit takes at most so many bytes of entries, and always at least one entry. */
const commitBytes = 2 * 1024 * 1024;

/** Where a group's entries are kept. */
export interface EntryStore {
  /** Bytes that are stored or about to be. */
  readonly bytes: number;
  /**
   * Stores an entry. `stored` is called when it is on disk, in the order of the calls; then the promise resolves.
   * Rejects with `LOG_FAILED` when the disk fails; from then on nothing is stored any more.
   */
  append(entry: Uint8Array, stored: (place: Place) => void): Promise<void>;
  /** An entry. Throws `LOG_FAILED`. */
  read(place: Place): Promise<Buffer>;
  close(): Promise<void>;
}

interface Waiting {
  readonly entry: Uint8Array;
  readonly stored: (place: Place) => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A log file: append-only, checksummed, synced to disk before anybody is told. */
export class EntryLog implements EntryStore {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #salt: Uint8Array;
  readonly #steps: DurableSteps;
  #size: number;
  #waitingBytes = 0;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #failed: PosternError | undefined;

  private constructor(file: FileHandle, path: string, kept: Kept, steps: DurableSteps) {
    this.#file = file;
    this.#path = path;
    this.#salt = kept.salt;
    this.#size = kept.end;
    this.#steps = steps;
  }

  /**
   * Opens a log, or makes it. What a crash left half written at its end is cut off, and told in `cutBytes`. `onEntry`
   * gets every entry in the order it was stored. Throws `LOG_DAMAGED` where records are broken that others follow.
   */
  static async open(
    path: string,
    onEntry: (entry: Buffer, place: Place) => void,
    steps: DurableSteps = plainSteps,
  ): Promise<{ log: EntryLog; cutBytes: number }> {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      const kept = (await readLog(file, path, onEntry)) ?? (await begin(file, path));
      const { size } = await file.stat();
      if (size > kept.end) {
        await file.truncate(kept.end);
        await file.datasync();
      }
      return { log: new EntryLog(file, path, kept, steps), cutBytes: Math.max(0, size - kept.end) };
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }

  get bytes(): number {
    return this.#size + this.#waitingBytes;
  }

  append(entry: Uint8Array, stored: (place: Place) => void): Promise<void> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    this.#waitingBytes += entry.length;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, stored, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  async read(place: Place): Promise<Buffer> {
    const entry = Buffer.allocUnsafe(place.length);
    const { bytesRead } = await this.#file.read(entry, 0, place.length, place.offset);
    if (bytesRead !== place.length) throw this.#failure(new Error('the file is shorter than it was'));
    return entry;
  }

  async close(): Promise<void> {
    await this.#writing;
    this.#failed ??= this.#failure(new Error('it was closed'));
    await this.#file.close();
  }

  /** Writes all that waits, one commit after the other. Never rejects. */
  async #write(): Promise<void> {
    while (this.#waiting.length > 0 && this.#failed === undefined) {
      // Whatever comes in this turn of the loop goes with it.
      await new Promise<void>((resolve) => setImmediate(resolve));
      const batch = this.#take();
      try {
        await this.#commit(batch);
        for (const { resolve } of batch) resolve();
      } catch (thrown) {
        this.#failed = this.#failure(thrown);
        await this.#file.truncate(this.#size).catch(() => {});
        for (const { reject } of [...batch, ...this.#waiting.splice(0)]) reject(this.#failed);
      }
    }
    this.#writing = undefined;
  }

  #take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { entry } of this.#waiting) {
      if (count > 0 && bytes + entry.length > commitBytes) break;
      bytes += entry.length;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const { record, places } = encodeRecord(
      batch.map(({ entry }) => entry),
      this.#salt,
    );
    this.#steps.before('entries');
    const torn = this.#steps.torn('entries', record.length);
    for (let done = 0; done < record.length; ) {
      const upTo = torn ?? record.length;
      const { bytesWritten } = await this.#file.write(record, done, upTo - done, this.#size + done);
      done += bytesWritten;
      if (torn !== undefined && done >= torn) this.#steps.end();
    }
    await this.#file.datasync();
    this.#steps.after('entries');
    const at = this.#size;
    this.#size += record.length;
    batch.forEach(({ entry, stored }, i) => {
      const place = places[i];
      this.#waitingBytes -= entry.length;
      if (place !== undefined) stored({ offset: at + place.offset, length: place.length });
    });
  }

  #failure(cause: unknown): PosternError {
    return new PosternError('LOG_FAILED', `cannot use the log ${this.#path}: ${errorText(cause)}`, {
      hint: 'make room on the disk, and start the daemon again',
      cause,
    });
  }
}

/** Writes the header of a new file. */
async function begin(file: FileHandle, path: string): Promise<Kept> {
  const salt = randomBytes(headerBytes - fileMagic.length);
  await file.truncate(0);
  await file.write(Buffer.concat([fileMagic, salt]), 0, headerBytes, 0);
  await file.datasync();
  await syncDirectory(dirname(path));
  return { salt, end: headerBytes };
}

/** Makes a new name in a directory outlive a loss of power. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
