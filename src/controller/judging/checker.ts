import type { StoredResult } from '../../bus/read-results.js';
import type { ResultRecord } from '../../bus/result-records.js';
import { Clocks } from './clocks.js';
import { Faults } from './faults.js';
import { judge } from './judge.js';
import type { Judgement, RunFacts } from './judgement.js';
import { type LaidTest, Layout } from './layout.js';
import { hashPart, Messages } from './messages.js';
import { displacements } from './order.js';
import { Receipts } from './receipts.js';
import type { Rules } from './rules.js';
import { Sights } from './sights.js';
import { Strays } from './strays.js';
import { Texts } from './texts.js';
import { Witness } from './witness.js';

/**
 * Takes the records of a run in, as `readResults` gives them, and judges the run by them; as often as wanted, by whatever rules.
 * It keeps about 35 bytes of a receipt, 60 of a message and 120 of each id, and nothing of other records.
 */
export class Checker {
  readonly #facts: RunFacts;
  readonly #layout: Layout;
  readonly #messages: Messages;
  readonly #receipts: Receipts;
  readonly #texts = new Texts();
  readonly #strays = new Strays();
  readonly #sights = new Sights();
  readonly #clocks: Clocks;
  readonly #faults: Faults;
  /** By lane. */
  readonly #witnesses: readonly Witness[];
  #records = 0;
  readonly #journals = new Set<string>();

  constructor(facts: RunFacts) {
    this.#facts = facts;
    this.#layout = new Layout(facts.plan);
    this.#messages = new Messages(this.#layout.lanes);
    this.#receipts = new Receipts(this.#messages);
    this.#clocks = new Clocks(facts.clocks);
    this.#faults = new Faults(facts.plan);
    this.#witnesses = this.#layout.tests.flatMap((test) =>
      test.members.map((node, member) => new Witness(node, test, member)),
    );
  }

  /** Takes a record in: those of one journal in their order. Records of what the plan does not know are only counted. */
  add({ node, test: name, journal, record }: StoredResult): void {
    this.#records++;
    this.#journals.add(`${node} ${name} ${journal}`);
    const test = this.#layout.test(name);
    const member = test?.places.get(node);
    if (test === undefined || member === undefined) return;
    const witness = this.#witnesses[test.firstLane + member];
    const { run } = this.#facts;
    if (witness?.take({ run, test: name, node, journal }, record) !== true) return;
    this.#tell(witness, record);
    if (record.k !== 'damaged') witness.lastAt = record.at;
  }

  /** Judges what was taken in, by these rules. */
  judge(rules: Rules = this.#facts.plan.rules): Judgement {
    const evidence = {
      facts: this.#facts,
      layout: this.#layout,
      messages: this.#messages,
      receipts: this.#receipts,
      strays: this.#strays,
      texts: this.#texts,
      clocks: this.#clocks,
      faults: this.#faults.judge(this.#facts, this.#clocks),
      witnesses: this.#witnesses,
      displaced: displacements(this.#layout, this.#messages, this.#receipts),
    };
    return judge(evidence, rules, {
      records: this.#records,
      journals: this.#journals.size,
      intervals: this.#sights.intervals(this.#clocks),
    });
  }

  #tell(witness: Witness, record: ResultRecord): void {
    const { node, test } = witness;
    switch (record.k) {
      case 'intent':
        witness.tried++;
        if (isNumbered(test, record.seq)) this.#messages.meant(this.#own(witness, record.seq), record);
        break;
      case 'outcome':
        if (isNumbered(test, record.seq)) {
          const { id, code, message } = record;
          const text = id ?? (code === undefined ? message : `${code}: ${message ?? ''}`);
          const number = text === undefined || text === '' ? -1 : this.#texts.number(text);
          this.#messages.ended(this.#own(witness, record.seq), record, number);
        }
        break;
      case 'slip':
        if (record.sent) break;
        witness.skipped++;
        if (isNumbered(test, record.seq)) this.#messages.skipped(this.#own(witness, record.seq), record);
        break;
      case 'receipt':
        this.#received(witness, record);
        break;
      case 'hub':
      case 'daemon':
        this.#sights.changed(node, record.k, record.up, record.at);
        break;
      case 'boot':
        // While no agent was there nobody could look on.
        if (record.boot > 1) this.#sights.changed(node, 'hub', false, witness.lastAt ?? record.at);
        break;
      case 'armed':
      case 'clock':
        this.#clocks.hear(node, { offsetMs: record.offset, errorMs: record.error });
        break;
      case 'note':
        if (record.topic === 'fault') this.#faults.hear(node, record.data);
        break;
    }
  }

  /** The number of a message of the witness. */
  #own({ test, member }: Witness, seq: number): number {
    return this.#messages.number(test.firstLane + member, seq);
  }

  /** The sender's daemon lists one of its own messages. */
  #kept({ test, member, readings }: Witness, seq: number, hash: string | undefined): void {
    const message = this.#messages.known(test.firstLane + member, seq);
    if (message < 0 || !this.#messages.hasHash(message, hashPart(hash))) return;
    this.#messages.kept(message, readings.begun);
  }

  #received(witness: Witness, record: Extract<ResultRecord, { k: 'receipt' }>): void {
    const { test, member, node } = witness;
    const { test: of = test.planned.test, from, seq, id } = record;
    if (!test.isReceived || of !== test.planned.test) return;
    const sender = from === undefined ? undefined : test.places.get(from);
    if (sender === undefined || seq === undefined || !isNumbered(test, seq)) {
      this.#strays.add(test, node, record);
      return;
    }
    // A sender hears itself, and that is no delivery.
    if (sender === member) {
      if (record.how === 'final') this.#kept(witness, seq, record.hash);
      return;
    }
    this.#receipts.add(this.#messages.number(test.firstLane + sender, seq), record, {
      member,
      subscription: witness.subscription(record.sub),
      reading: witness.readings.begun,
      id: this.#texts.number(id),
    });
  }
}

/** Whether the plan has a message with this number. */
function isNumbered({ planned }: LaidTest, seq: number): boolean {
  return seq >= 1 && seq <= planned.amount;
}
