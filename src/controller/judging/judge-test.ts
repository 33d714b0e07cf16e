import type { Convergence } from './convergence.js';
import type { Evidence } from './evidence.js';
import type { FaultsByNode } from './excuses.js';
import type { Pair, Quantiles, TestJudgement } from './judgement.js';
import { addLayers, fillUp, newLayers } from './layers.js';
import type { LaidTest } from './layout.js';
import { MessageJudge } from './message-judge.js';
import { Sample } from './quantiles.js';
import type { Rules } from './rules.js';
import { addFinding, addReceipts, addSends, newTally, type Tally } from './tally.js';
import { Thinned } from './thinned.js';
import type { TroubledMessages } from './troubled.js';

/** Latencies of one test that are kept to be plotted. */
const mostPoints = 4_000;

/** What judging a test needs. */
export interface TestJudging {
  readonly evidence: Evidence;
  readonly test: LaidTest;
  readonly faults: FaultsByNode;
  readonly rules: Rules;
  readonly convergence: Convergence;
  readonly troubled: TroubledMessages;
}

/** Sends of which a part was accepted. */
interface Accepted {
  ok: number;
  of: number;
}

/** A test without its verdict: that depends on what else there was. */
export type JudgedTest = Omit<TestJudgement, 'verdict'>;

/** Judges all messages of one test. */
export function judgeTest(judging: TestJudging): JudgedTest {
  const { evidence, test } = judging;
  const { planned } = test;
  const nodes = new Map(evidence.facts.plan.nodes.map((name, at) => [name, at]));
  const t0 = evidence.facts.t0[planned.phase] ?? evidence.facts.startedAtMs;
  const judge = new MessageJudge(evidence, test, judging.faults, judging.rules);
  const whole = {
    latency: new Sample(),
    stable: new Sample(),
    slip: new Sample(),
    points: new Thinned<readonly [number, number, number, number]>(mostPoints),
    calm: { ok: 0, of: 0 },
    disturbed: { ok: 0, of: 0 },
  };
  const totals = newTally();
  const layers = newLayers();
  const pairs: Pair[] = [];
  for (const [place, sender] of test.members.entries()) {
    const lane = test.firstLane + place;
    const sends = newTally();
    sends.scheduled = planned.senders.includes(sender) ? planned.amount : 0;
    const towards = test.members.map((receiver) => ({
      receiver,
      tally: newTally(),
      layers: newLayers(),
      latency: new Sample(),
    }));
    const offset = evidence.clocks.offset(sender);
    const senderAt = nodes.get(sender) ?? -1;
    let told = 0;
    for (const message of evidence.messages.ofLane(lane)) {
      told++;
      countSend(judging, message, sender, { sends, ...whole });
      if (!test.isReceived) continue;
      judge.judge(message);
      const sentAt = evidence.messages.sentAt(message) + offset;
      let [owed, came, last] = [0, 0, 0];
      for (const [at, finding] of judge.findings.entries()) {
        const pair = towards[at];
        if (at === place || pair === undefined) continue;
        addFinding(pair.tally, finding);
        if (finding.layer !== 'arrived') pair.layers[finding.layer]++;
        if (!finding.isOwed) continue;
        owed++;
        if (planned.phase === 'main') judging.convergence.add(sender, pair.receiver, finding);
        if (Number.isNaN(finding.latency)) continue;
        came++;
        last = Math.max(last, finding.latency);
        pair.latency.add(finding.latency);
        whole.latency.add(finding.latency);
        whole.points.add(() => [sentAt - t0, finding.latency, senderAt, nodes.get(pair.receiver) ?? -1]);
      }
      if (owed > 0 && came === owed) whole.stable.add(last);
      judging.troubled.add(test, message, judge.findings);
    }
    addSends(totals, sends);
    if (!test.isReceived) pairs.push({ sender, counts: sends });
    const untold = wasNothingUntold(judging, lane) ? 'notSent' : 'unclear';
    for (const [at, { receiver, tally, layers: own, latency }] of towards.entries()) {
      if (!test.isReceived || at === place) continue;
      addSends(tally, sends);
      addReceipts(totals, tally);
      if (sends.scheduled > 0) {
        fillUp(own, { told, scheduled: sends.scheduled, untold });
        addLayers(layers, own);
      }
      pairs.push({
        sender,
        receiver,
        counts: tally,
        ...(own.arrived === sends.scheduled ? {} : { layers: own }),
        ...measured('latency', latency.quantiles()),
      });
    }
  }
  addStrays(evidence, test, totals, pairs);
  return {
    test: planned.test,
    name: planned.name,
    group: planned.group,
    phase: planned.phase,
    totals,
    ...(test.isReceived ? { layers } : {}),
    pairs,
    ...measured('latency', whole.latency.quantiles()),
    ...measured('stable', whole.stable.quantiles()),
    ...measured('slip', whole.slip.quantiles()),
    availability: { calm: part(whole.calm), disturbed: part(whole.disturbed) },
    due: { calm: whole.calm.of, disturbed: whole.disturbed.of },
    points: whole.points.kept,
  };
}

/** Counts what became of a send, how late it was, and whether a fault was on at its sender then. */
function countSend(
  { evidence, faults }: TestJudging,
  message: number,
  sender: string,
  to: { sends: Tally; slip: Sample; calm: Accepted; disturbed: Accepted },
): void {
  const { messages, clocks } = evidence;
  const fate = messages.fate(message);
  const isTried = messages.isMeant(message) || fate === 'ok' || fate === 'fail' || fate === 'info';
  if (fate === 'ok' || fate === 'fail' || fate === 'skipped') to.sends[fate]++;
  else if (isTried || fate === 'unknown') to.sends.info++;
  const due = messages.time(message, 'due');
  if (Number.isNaN(due)) return;
  const accepted = faults.isDisturbed(sender, due + clocks.offset(sender)) ? to.disturbed : to.calm;
  accepted.of++;
  if (fate === 'ok') accepted.ok++;
  const slip = messages.time(message, 'sentAt') - due;
  if (!Number.isNaN(slip)) to.slip.add(Math.max(0, slip));
}

/** Whether what no record of a sender tells of was never tried. */
function wasNothingUntold({ evidence, test }: TestJudging, lane: number): boolean {
  const hasBegun = evidence.facts.t0[test.planned.phase] !== undefined;
  return !hasBegun || evidence.witnesses[lane]?.isIntact === true;
}

/** Adds what no member can have sent. */
function addStrays(evidence: Evidence, test: LaidTest, totals: Tally, pairs: Pair[]): void {
  for (const { sender, receiver, count } of evidence.strays.counts(test)) {
    totals.unexpected += count;
    const at = pairs.findIndex((pair) => pair.sender === sender && pair.receiver === receiver);
    const pair = pairs[at];
    if (pair === undefined) {
      pairs.push({ sender, receiver, counts: { ...newTally(), unexpected: count } });
    } else {
      const unexpected = pair.counts.unexpected + count;
      pairs[at] = { ...pair, counts: { ...pair.counts, unexpected } };
    }
  }
}

function part({ ok, of }: Accepted): number {
  return of === 0 ? 1 : ok / of;
}

/** A property where there is something to tell. */
function measured<Name extends string>(
  name: Name,
  value: Quantiles | undefined,
): Partial<Record<Name, Quantiles>> {
  const found: Partial<Record<Name, Quantiles>> = {};
  if (value !== undefined) found[name] = value;
  return found;
}
