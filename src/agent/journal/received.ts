import type { RecordOf, ResultRecord } from '../../bus/result-records.js';
import type { EntryOf } from './entries.js';

/** What came in a test: which messages, each once however often it came, and how the last reading of all went. */
export class Received {
  /** Numbers of the messages of each sender in each test. */
  readonly #seqs = new Map<string, Set<number>>();
  /** Events in which no message of a test could be read. */
  readonly #events = new Set<string>();
  #subscription = 0;
  /** Messages of the last reading, while it goes on. */
  #read = 0;
  #readEnded = false;
  #duplicated = 0;

  /** Receipts beyond the first of a message, but those of the last reading. */
  get duplicated(): number {
    return this.#duplicated;
  }

  /** Takes a record in; true when a message came with it that had not come before. */
  take(record: ResultRecord): boolean {
    if (record.k === 'boot') this.#read = 0;
    if (record.k === 'final') this.#readEnded = true;
    if (record.k !== 'receipt') return false;
    this.#subscription = record.sub;
    if (record.how === 'final') this.#read += 1;
    const isNew = this.#isNew(record);
    if (!isNew && record.how !== 'final') this.#duplicated += 1;
    return isNew;
  }

  /** What is to be recorded of the last reading at the end of the test: undefined where it has ended. */
  unread(): EntryOf<'final'> | undefined {
    if (this.#readEnded) return undefined;
    return { k: 'final', sub: this.#subscription, complete: false, messages: this.#read };
  }

  #isNew({ id, test, from, seq }: RecordOf<'receipt'>): boolean {
    if (from === undefined || seq === undefined) return this.#events.size < this.#events.add(id).size;
    const sender = `${test} ${from}`;
    const seqs = this.#seqs.get(sender) ?? new Set<number>();
    this.#seqs.set(sender, seqs);
    return seqs.size < seqs.add(seq).size;
  }
}
