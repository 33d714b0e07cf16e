import type { Evidence } from './evidence.js';
import type { FaultsByNode } from './excuses.js';
import { Finding } from './finding.js';
import { layOut, type OwnEnd } from './layers.js';
import type { LaidTest } from './layout.js';
import type { Fate } from './messages.js';
import type { CompleteReading } from './readings.js';
import type { Rules } from './rules.js';
import { Sighting } from './sighting.js';

/** What is known of a member, whichever message it is about. */
interface Known {
  readonly node: string;
  readonly offset: number;
  readonly hasClock: boolean;
  readonly isIntact: boolean;
  readonly isForked: boolean;
  readonly reading: CompleteReading | undefined;
}

/** A message's sender and one of its receivers. */
interface Towards {
  readonly sender: Known;
  readonly receiver: Known;
  readonly sighting: Sighting;
  readonly finding: Finding;
}

/** Attempts of which nobody can say, or which failed: what comes of them is a surprise, and no harm. */
const inDoubt: ReadonlySet<Fate> = new Set(['fail', 'info', 'unknown']);

/** Judges the messages of one test, one after the other. */
export class MessageJudge {
  /** Of the last message that was judged, by receiver; the sender's own says nothing. */
  readonly findings: readonly Finding[];
  /** Of the last message that was judged: whether its sender's own daemon had it in the end. */
  own: OwnEnd = 'untold';
  readonly #evidence: Evidence;
  readonly #faults: FaultsByNode;
  readonly #rules: Rules;
  readonly #firstLane: number;
  readonly #sightings: readonly Sighting[];
  readonly #members: readonly Known[];

  constructor(evidence: Evidence, test: LaidTest, faults: FaultsByNode, rules: Rules) {
    this.#evidence = evidence;
    this.#faults = faults;
    this.#rules = rules;
    this.#firstLane = test.firstLane;
    this.findings = test.members.map(() => new Finding());
    this.#sightings = test.members.map(() => new Sighting());
    this.#members = test.members.map((node, member) => {
      const witness = evidence.witnesses[test.firstLane + member];
      return {
        node,
        offset: evidence.clocks.offset(node),
        hasClock: evidence.clocks.reading(node) !== undefined,
        isIntact: witness?.isIntact ?? false,
        isForked: witness?.isForked ?? false,
        reading: witness?.reading,
      };
    });
  }

  /** Judges a message towards all receivers: see `findings`. */
  judge(message: number): void {
    this.#look(message);
    const { messages } = this.#evidence;
    const from = messages.lane(message) - this.#firstLane;
    const sender = this.#members[from];
    if (sender === undefined) return;
    const fate = messages.fate(message);
    const isTried = messages.isMeant(message) || fate === 'ok' || inDoubt.has(fate);
    for (const [place, finding] of this.findings.entries()) {
      finding.reset();
      const [sighting, receiver] = [this.#sightings[place], this.#members[place]];
      if (place === from || sighting === undefined || receiver === undefined) continue;
      if (isTried) {
        this.#attempted(message, fate, { sender, receiver, sighting, finding });
      } else if (sighting.came && sender.isIntact) finding.add('unexpected');
    }
    this.own = this.#ownEnd(message, sender);
    const wasOffered = fate !== 'fail' || !Number.isNaN(messages.time(message, 'sentAt'));
    layOut({ fate, isTried, wasOffered, own: this.own, from }, this.findings, this.#members);
  }

  /** By the last reading of the sender itself, where that is known and began after the send. */
  #ownEnd(message: number, { reading }: Known): OwnEnd {
    const { messages } = this.#evidence;
    if (reading === undefined) return 'untold';
    if (messages.keptIn(message) === reading.number) return 'kept';
    return messages.time(message, 'endedAt') < reading.beganAt ? 'gone' : 'untold';
  }

  /** Gathers how the message came to each receiver. */
  #look(message: number): void {
    const { messages, receipts, displaced } = this.#evidence;
    for (const sighting of this.#sightings) sighting.reset();
    const isJudged = messages.isMeant(message);
    for (let at = messages.firstReceipt.at(message); at >= 0; at = receipts.next(at)) {
      this.#sightings[receipts.member(at)]?.take(receipts, at, isJudged, displaced[at] ?? 0);
    }
  }

  #attempted(message: number, fate: Fate, pair: Towards): void {
    const { messages, receipts } = this.#evidence;
    const { sender, receiver, sighting, finding } = pair;
    const { reading } = receiver;
    finding.isOwed = fate === 'ok';
    finding.hasCome = sighting.first >= 0;
    finding.ackAt = messages.time(message, 'endedAt') + sender.offset;
    finding.replays = sighting.replays;
    finding.wasReadOnly = sighting.wasReadOnly;
    // Where records are missing, it may have come before, too.
    if (receiver.isIntact) finding.displacement = sighting.displacement;
    if (finding.hasCome) finding.cameAt = receipts.at(sighting.first) + receiver.offset;
    finding.isAbsent = this.#isAbsent(pair, messages.isMeant(message));
    if (finding.isOwed) this.#owed(pair);
    if (finding.hasCome && inDoubt.has(fate)) finding.add('recovered');
    if (sighting.isCorrupt) finding.add('corrupt');
    if (reading !== undefined && sighting.isVanished(reading)) finding.add('vanished');
    if (sighting.wasDoubled || (sighting.wasResent && !sender.isForked)) finding.add('duplicated');
    if (finding.displacement > 0) finding.add('reordered');
  }

  #isAbsent({ sender, receiver, sighting, finding }: Towards, isMeant: boolean): boolean {
    const { reading } = receiver;
    // What was acknowledged only when the reading had begun need not be in it.
    const wasRead = reading !== undefined && finding.ackAt < reading.beganAt + receiver.offset;
    const isNoGuess = sender.hasClock && receiver.hasClock && (isMeant || !sighting.came);
    return !finding.hasCome && wasRead && isNoGuess;
  }

  #owed({ sender, receiver, finding }: Towards): void {
    if (!finding.hasCome) finding.add(finding.isAbsent ? 'lost' : 'unknown');
    else if (sender.hasClock && receiver.hasClock) this.#time(sender, receiver, finding);
  }

  #time(sender: Known, receiver: Known, finding: Finding): void {
    const { ackAt, cameAt } = finding;
    const { lateAfterMs } = this.#rules;
    finding.latency = Math.max(0, cameAt - ackAt);
    // Where records are missing, it may have come before.
    if (finding.latency <= lateAfterMs || !receiver.isIntact) return;
    const dueFrom = this.#faults.dueFrom(sender.node, receiver.node, ackAt, cameAt);
    if (cameAt - dueFrom > lateAfterMs) finding.add('late');
    else finding.isExcused = true;
  }
}
