import type { RecordOf } from '../../bus/result-records.js';
import type { LaidTest } from './layout.js';

/** So many messages that nobody can have sent are told apart; more are counted. */
const mostStrays = 10_000;
/** So many receipts of one are kept. */
const mostReceipts = 64;
/** Stands for the sender where the message did not say; no node has this name. */
export const nobody = '?';

/** A message that no member of the test can have sent: of an unknown sender, without a number, or with one too high. */
export interface Stray {
  readonly test: LaidTest;
  readonly sender: string;
  readonly seq: number;
  readonly receivers: Set<string>;
  /** Times by the receivers' own clocks. */
  readonly receipts: {
    readonly node: string;
    readonly at: number;
    readonly how: string;
    readonly id: string;
  }[];
}

/** Keeps the messages that no member of a test can have sent. */
export class Strays {
  readonly #strays = new Map<string, Stray>();
  /** By test, sender and receiver: how many messages came. */
  readonly #counts = new Map<string, { test: LaidTest; sender: string; receiver: string; count: number }>();

  add(test: LaidTest, receiver: string, record: RecordOf<'receipt'>): void {
    const { from: sender = nobody, seq = 0, id, at, how } = record;
    if (sender === receiver) return;
    const which = sender === nobody ? id : String(seq);
    const key = `${test.number} ${sender} ${which}`;
    let stray = this.#strays.get(key);
    if (stray === undefined && this.#strays.size < mostStrays) {
      stray = { test, sender, seq, receivers: new Set(), receipts: [] };
      this.#strays.set(key, stray);
    }
    // What is not told apart is counted as it comes, and not when it is read again.
    const isNew = stray === undefined ? how !== 'final' : !stray.receivers.has(receiver);
    if (isNew) this.#count(test, sender, receiver);
    stray?.receivers.add(receiver);
    if (stray !== undefined && stray.receipts.length < mostReceipts) {
      stray.receipts.push({ node: receiver, at, how, id });
    }
  }

  all(): Iterable<Stray> {
    return this.#strays.values();
  }

  /** How many came in a test, from whom, to whom. */
  counts(test: LaidTest): { readonly sender: string; readonly receiver: string; readonly count: number }[] {
    return [...this.#counts.values()].filter((one) => one.test === test);
  }

  #count(test: LaidTest, sender: string, receiver: string): void {
    const key = `${test.number} ${sender} ${receiver}`;
    const known = this.#counts.get(key) ?? { test, sender, receiver, count: 0 };
    known.count++;
    this.#counts.set(key, known);
  }
}
