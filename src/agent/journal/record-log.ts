import { issues } from '../../bus/messaging.js';
import { largestRecordBytes } from '../../bus/result-messages.js';
import { type ResultRecord, resultRecord } from '../../bus/result-records.js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { Entry } from './entries.js';
import type { JournalFiles } from './files.js';
import type { Ledger } from './ledger.js';
import { JournalReader } from './reader.js';
import { parseRecord, type Recovered } from './recover.js';
import { failureOf } from './trouble.js';
import { Waiters } from './waiters.js';
import { GroupWriter, type JournalLimits, type Pending } from './writer.js';

/** Text that is read at once to give out records, bytes. */
const recordsAtOnceBytes = 64 * 1024;

/** What a log of records is made of. */
export interface RecordLogOptions {
  readonly files: JournalFiles;
  readonly directory: string;
  readonly limits: JournalLimits;
  readonly found: Recovered;
  readonly ledger: Ledger;
  readonly now: () => number;
  /** The disk has failed; the log takes nothing more but `writeFailure`. */
  readonly failed: (failure: { code: string; message: string }, lost: number) => void;
  readonly log: Logger;
}

/** The records of one journal: numbers them, writes them in groups, and knows which are safe. */
export class RecordLog {
  readonly #options: RecordLogOptions;
  readonly #writer: GroupWriter;
  readonly #waiters = new Waiters();
  readonly #listeners = new Set<() => void>();
  #last: number;

  constructor(options: RecordLogOptions) {
    this.#options = options;
    const { files, directory, limits, found } = options;
    this.#last = found.last;
    this.#waiters.reach(found.last);
    this.#writer = new GroupWriter(files, { directory, ...found }, limits, {
      safe: (group) => this.#becameSafe(group),
      failed: (thrown, lost) => this.#fails(thrown, lost),
    });
  }

  /** Makes ready to write on. */
  open(): Promise<void> {
    return this.#writer.open();
  }

  /** Number of the last record that is safe on disk. */
  get safe(): number {
    return this.#waiters.reached;
  }

  /** Hears that more is safe than before. */
  onSafe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The next record, checked. Throws `RECORD_INVALID`. */
  next(entry: Entry): Pending {
    return numbered(entry, this.#last + 1, this.#options.now());
  }

  push(pending: Pending): void {
    this.#last = pending.number;
    this.#writer.push(pending);
  }

  /** Resolves when the record is safe; rejects with what has become of the disk. */
  wait(number: number): Promise<void> {
    return this.#waiters.wait(number);
  }

  /** Resolves at once, or when there is room for more. */
  room(): Promise<void> {
    // all that waits is written at once, so that there is room when the last one is safe
    return this.#writer.isFull ? this.#waiters.wait(this.#last).catch(() => {}) : Promise.resolve();
  }

  /** Resolves when all that was pushed is safe. */
  flushed(): Promise<void> {
    return this.#waiters.wait(this.#last);
  }

  /** Writes the last record of a log that has failed, into what was reserved for that. */
  async writeFailure(entry: Entry): Promise<void> {
    this.#last = this.safe;
    const pending = this.next(entry);
    try {
      await this.#writer.writeLast(pending);
      this.#becameSafe([pending]);
    } catch (thrown) {
      this.#options.log.error({ err: errorText(thrown) }, 'the failure of a test could not be written down');
    }
  }

  /** Reads what is safe, beside the writing; to be closed. */
  reader(): JournalReader {
    return new JournalReader(this.#options.files, this.#options.directory);
  }

  /** All records that are safe now, in order. */
  async *records(): AsyncGenerator<ResultRecord> {
    const reader = this.reader();
    const upTo = this.safe;
    try {
      for (;;) {
        const { texts } = await reader.read({ bytes: recordsAtOnceBytes, records: 1000, upTo });
        if (texts.length === 0) return;
        for (const text of texts) {
          const record = parseRecord(text);
          if (record !== undefined) yield record;
        }
      }
    } finally {
      await reader.close();
    }
  }

  /** Writes what waits, and takes no more. */
  async close(): Promise<void> {
    await this.#writer.close();
    this.#waiters.fail(new PosternError('JOURNAL_CLOSED', 'the journal was closed'));
  }

  #becameSafe(group: readonly Pending[]): void {
    for (const { record, text } of group) this.#options.ledger.add(record, text);
    this.#waiters.reach(group.at(-1)?.number ?? 0);
    for (const listener of this.#listeners) listener();
  }

  #fails(thrown: unknown, lost: number): void {
    const { directory, log } = this.#options;
    const failure = failureOf(thrown, directory);
    log.error({ code: failure.code, err: errorText(thrown), lost }, failure.message);
    this.#waiters.fail(new PosternError(failure.code, failure.message, { cause: thrown }));
    this.#options.failed(failure, lost);
  }
}

/** A record as it is written. Throws `RECORD_INVALID`. */
export function numbered(entry: Entry, n: number, at: number): Pending {
  const { success, data, error } = resultRecord.safeParse({ n, at, ...entry });
  if (!success) {
    throw new PosternError('RECORD_INVALID', `the journal takes no such '${entry.k}': ${issues(error)}`);
  }
  const text = JSON.stringify(data);
  if (Buffer.byteLength(text) <= largestRecordBytes) return { number: n, record: data, text };
  throw new PosternError('RECORD_INVALID', `a record of the journal has at most ${largestRecordBytes} bytes`);
}
