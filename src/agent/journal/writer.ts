import { join } from 'node:path';
import type { ResultRecord } from '../../bus/result-records.js';
import type { JournalFile, JournalFiles } from './files.js';
import { frameBytes, writeFrame } from './frame.js';
import { segmentPath } from './segments.js';

/** A record that waits to be written. */
export interface Pending {
  readonly number: number;
  readonly text: string;
  readonly record: ResultRecord;
}

/** Sizes of a journal, in bytes. */
export interface JournalLimits {
  /** A segment is not begun anew before it has this size. */
  readonly segmentBytes: number;
  /** All segments together; a test that needs more fails. */
  readonly journalBytes: number;
  /** What may wait to be written. */
  readonly queueBytes: number;
}

/** Kept free on disk, so that a full disk leaves room to say so. */
const reserveBytes = 64 * 1024;
/** The most that is written at once. */
const groupBytes = 256 * 1024;

/** Where writing goes on. */
export interface WriteFrom {
  readonly directory: string;
  /** Number of the last record that is safe. */
  readonly last: number;
  /** The segment that is written on, and where. */
  readonly tail: { readonly path: string; readonly first: number; readonly end: number } | undefined;
  /** Bytes of all segments. */
  readonly bytes: number;
}

/**
 * Writes records in groups: whatever waits is written and made safe at once, while the next ones gather. After the first
 * failure nothing more is written but `writeLast`, into room that was reserved for it.
 */
export class GroupWriter {
  readonly #files: JournalFiles;
  readonly #from: WriteFrom;
  readonly #limits: JournalLimits;
  readonly #safe: (group: readonly Pending[]) => void;
  readonly #failed: (thrown: unknown, lost: number) => void;
  #queue: Pending[] = [];
  #queuedBytes = 0;
  #file: JournalFile | undefined;
  #end: number;
  #bytes: number;
  #last: number;
  #broken = false;
  #running: Promise<void> | undefined;
  #buffer = Buffer.allocUnsafe(groupBytes);

  constructor(
    files: JournalFiles,
    from: WriteFrom,
    limits: JournalLimits,
    /** Told each group that is safe on disk, and once of a failure with the number of records that were lost by it. */
    told: { safe: (group: readonly Pending[]) => void; failed: (thrown: unknown, lost: number) => void },
  ) {
    this.#files = files;
    this.#from = from;
    this.#limits = limits;
    this.#safe = told.safe;
    this.#failed = told.failed;
    this.#end = from.tail?.end ?? 0;
    this.#bytes = from.bytes;
    this.#last = from.last;
  }

  get #reserve(): string {
    return join(this.#from.directory, 'reserve');
  }

  /** Cuts what lies behind the last good record, and sets room aside. */
  async open(): Promise<void> {
    const { tail, directory } = this.#from;
    if (tail !== undefined) {
      this.#file = await this.#files.open(tail.path);
      if ((await this.#file.size()) > tail.end) {
        await this.#file.truncate(tail.end);
        await this.#file.datasync();
      }
    }
    await this.#files.remove(this.#reserve);
    const reserve = await this.#files.create(this.#reserve);
    try {
      await reserve.write(Buffer.alloc(reserveBytes), 0);
      await reserve.datasync();
    } finally {
      await reserve.close();
    }
    await this.#files.syncDirectory(directory);
  }

  /** Whether so much waits that whoever writes shall wait too. */
  get isFull(): boolean {
    return this.#queuedBytes >= this.#limits.queueBytes;
  }

  push(record: Pending): void {
    if (this.#broken) return;
    this.#queue.push(record);
    this.#queuedBytes += frameBytes(record.text);
    this.#running ??= this.#run();
  }

  /** Writes one record behind the last safe one, after a failure, into the reserve. */
  async writeLast(record: Pending): Promise<void> {
    await this.#running;
    await this.#files.remove(this.#reserve);
    await this.#file?.truncate(this.#end).catch(() => {});
    await this.#write([record]);
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Waits for what is being written and closes the file. The reserve goes with it: nobody writes on. */
  async close(): Promise<void> {
    await this.idle();
    this.#broken = true;
    await this.#file?.close();
    this.#file = undefined;
    await this.#files.remove(this.#reserve);
  }

  async #run(): Promise<void> {
    // the records of one turn of the loop go together
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const group = this.#take();
      try {
        await this.#write(group);
      } catch (thrown) {
        this.#broken = true;
        const lost = group.length + this.#queue.length;
        this.#queue = [];
        this.#queuedBytes = 0;
        this.#running = undefined;
        this.#failed(thrown, lost);
        return;
      }
      this.#safe(group);
    }
    this.#running = undefined;
  }

  #take(): Pending[] {
    let bytes = 0;
    let count = 0;
    for (const { text } of this.#queue) {
      const size = frameBytes(text);
      if (count > 0 && bytes + size > groupBytes) break;
      bytes += size;
      count++;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  async #write(group: readonly Pending[]): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    let size = 0;
    for (const { number, text } of group) {
      size = writeFrame(this.#buffer, size, { number, safe: this.#last, text });
    }
    if (!this.#broken && this.#bytes + size > this.#limits.journalBytes) throw new JournalLimitError();
    const file = await this.#segmentFor(first.number);
    await file.write(this.#buffer.subarray(0, size), this.#end);
    await file.datasync();
    this.#end += size;
    this.#bytes += size;
    this.#last = group.at(-1)?.number ?? this.#last;
  }

  async #segmentFor(number: number): Promise<JournalFile> {
    const present = this.#file;
    if (present !== undefined && this.#end < this.#limits.segmentBytes) return present;
    const next = await this.#files.create(segmentPath(this.#from.directory, number));
    this.#file = next;
    this.#end = 0;
    await present?.close();
    await this.#files.syncDirectory(this.#from.directory);
    return next;
  }
}

/** The journal has got as large as it may. */
export class JournalLimitError extends Error {
  override readonly name = 'JournalLimitError';
  constructor() {
    super('the journal is as large as it may be');
  }
}
