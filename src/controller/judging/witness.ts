import type { ResultRecord } from '../../bus/result-records.js';
import { JournalCheck, type JournalName, type JournalTrouble } from './journal-check.js';
import type { LaidTest } from './layout.js';
import { type CompleteReading, Readings } from './readings.js';

/** How many subscriptions one process of an agent may count here. */
const subscriptionsPerProcess = 2 ** 16;

/** What one node wrote of one test. Of several journals the first one counts. */
export class Witness {
  readonly node: string;
  readonly test: LaidTest;
  /** Its place among the members of the test. */
  readonly member: number;
  readonly readings = new Readings();
  /** Messages that it tried to send, and those it never tried. */
  tried = 0;
  skipped = 0;
  /** When it wrote its last record, by its own clock. */
  lastAt: number | undefined;
  /** Why it ended before its time. */
  stopped: string | undefined;
  #check: JournalCheck | undefined;
  readonly #others = new Set<string>();
  /** Processes of the agent, and whatever may have been one. */
  #processes = 0;

  constructor(node: string, test: LaidTest, member: number) {
    this.node = node;
    this.test = test;
    this.member = member;
  }

  /** Takes a record in. False for one that tells nothing: of another journal, or known. */
  take(name: JournalName, record: ResultRecord): boolean {
    this.#check ??= new JournalCheck(name);
    if (this.#check.name.journal !== name.journal) {
      this.#others.add(name.journal);
      return false;
    }
    const isNext = record.n === this.#check.next;
    if (!this.#check.take(record)) return false;
    // Where records are missing, there may have been one that says so.
    if (record.k === 'boot' || record.k === 'damaged' || !isNext) this.#processes++;
    if (record.k === 'boot') this.readings.cut();
    else if (record.k === 'stopping') this.stopped = `${record.by}: ${record.reason}`;
    else if (record.k === 'final') this.readings.end(record.at, record.complete);
    else if (record.k === 'note' && record.topic === 'final reading') this.readings.begin(record.at);
    else if (record.k === 'receipt' && record.how === 'final') this.readings.read(record.at);
    return true;
  }

  /** How many journals there are. */
  get journals(): number {
    return (this.#check === undefined ? 0 : 1) + this.#others.size;
  }

  /** Whether the node tried the test twice: what it did in all cannot be told from one journal. */
  get isForked(): boolean {
    return this.#others.size > 0;
  }

  /** Whether all that the node did in the test is known, to its end. */
  get isIntact(): boolean {
    return this.journals === 1 && this.troubles().size === 0;
  }

  /** What is wrong with its journal, in words by kind. */
  troubles(): ReadonlyMap<JournalTrouble, string> {
    return this.#check?.troubles() ?? new Map();
  }

  /** The last reading, where it was complete and all records of it are known. */
  get reading(): CompleteReading | undefined {
    return this.isIntact ? this.readings.complete : undefined;
  }

  /** A number for a subscription, other for each process of the agent. */
  subscription(sub: number): number {
    return (this.#processes * subscriptionsPerProcess + (sub % subscriptionsPerProcess)) % 2 ** 32;
  }
}
