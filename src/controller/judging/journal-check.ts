import { createHash } from 'node:crypto';
import { countRecord, noCounts } from '../../bus/result-counts.js';
import type { ResultCounts, ResultRecord } from '../../bus/result-records.js';

/** What may be wrong with the records of one journal. */
export type JournalTrouble = 'gap' | 'damaged' | 'altered' | 'unfinished' | 'failed';

/** Whose journal it must be. */
export interface JournalName {
  readonly run: string;
  readonly test: string;
  readonly node: string;
  readonly journal: string;
}

/**
 * Finds out whether the records of a journal are all that were written, and as they were written: by their numbers, and by
 * the counts and the hash in the last one.
 */
export class JournalCheck {
  readonly name: JournalName;
  readonly #hash = createHash('sha256');
  readonly #counts = noCounts();
  #next = 1;
  #missing = 0;
  #altered: string | undefined;
  #failure: string | undefined;
  #isEnded = false;

  constructor(name: JournalName) {
    this.name = name;
  }

  /** The number that the next record has, where none is missing. */
  get next(): number {
    return this.#next;
  }

  /** Takes the next record in. False for one that was there before, or comes behind the last: it tells nothing. */
  take(record: ResultRecord): boolean {
    if (this.#isEnded || record.n < this.#next) {
      this.#altered ??= `record ${record.n} came again, or behind the last one`;
      return false;
    }
    this.#missing += record.n - this.#next;
    if (record.n === 1 && !this.#isOwn(record)) this.#altered ??= 'its first record is of another journal';
    if (record.k === 'finished' || record.k === 'failed') this.#end(record);
    else this.#count(record);
    this.#next = (record.k === 'damaged' ? record.to : record.n) + 1;
    return true;
  }

  /** What is wrong, in words by kind; empty: these are all records, to the end of the test. */
  troubles(): ReadonlyMap<JournalTrouble, string> {
    const found = new Map<JournalTrouble, string>();
    if (this.#missing > 0) found.set('gap', `${this.#missing} records are missing`);
    if (this.#counts.damaged > 0) found.set('damaged', `${this.#counts.damaged} records were damaged`);
    if (this.#altered !== undefined) found.set('altered', this.#altered);
    if (this.#failure !== undefined) found.set('failed', this.#failure);
    if (!this.#isEnded) found.set('unfinished', `the last record of ${this.#next - 1} is not the test's end`);
    return found;
  }

  #isOwn(record: ResultRecord): boolean {
    if (record.k === 'damaged') return true;
    if (record.k !== 'created') return false;
    const { run, test, node, journal } = this.name;
    return record.run === run && record.test === test && record.node === node && record.journal === journal;
  }

  #count(record: ResultRecord): void {
    countRecord(this.#counts, record);
    if (this.#isWhole) this.#hash.update(`${JSON.stringify(record)}\n`);
  }

  /** Whether there is a point in summing up. */
  get #isWhole(): boolean {
    return this.#missing === 0 && this.#counts.damaged === 0;
  }

  #end(last: Extract<ResultRecord, { k: 'finished' | 'failed' }>): void {
    this.#isEnded = true;
    if (last.k === 'failed') {
      const lost = last.lost > 0 ? `, and ${last.lost} records were lost` : '';
      this.#failure = `${last.code}: ${last.message}${lost}`;
    }
    if (!this.#isWhole) return;
    const wrong = differing(this.#counts, last.counts);
    if (wrong !== undefined) this.#altered ??= `its last record counts other ${wrong} than there are`;
    else if (this.#hash.digest('hex') !== last.hash)
      this.#altered ??= 'its records do not sum up to its hash';
  }
}

function differing(found: ResultCounts, told: ResultCounts): string | undefined {
  const names: readonly (keyof ResultCounts)[] = [
    'records',
    'intents',
    'ok',
    'fail',
    'info',
    'unknown',
    'receipts',
    'slips',
    'damaged',
  ];
  return names.find((name) => found[name] !== told[name]);
}
