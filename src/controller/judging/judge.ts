import { blindTimes } from './blind-times.js';
import { Convergence } from './convergence.js';
import { chooseDeliveries } from './deliveries.js';
import { doubts } from './doubts.js';
import type { Evidence } from './evidence.js';
import { FaultsByNode } from './excuses.js';
import { endedEarly, failures, type Healed } from './failures.js';
import { plainFacts } from './faults.js';
import { Histories } from './histories.js';
import { judgeTest } from './judge-test.js';
import type { FaultJudgement, Judgement } from './judgement.js';
import { addLayers, newLayers } from './layers.js';
import type { Rules } from './rules.js';
import { addReceipts, addSends, newTally } from './tally.js';
import { TroubledMessages } from './troubled.js';
import { verdictOf, verdictOn } from './verdict.js';

/** Messages whose history is told. */
const mostMessages = 1_000;

/** Judges a run by all that its records say. */
export function judge(
  evidence: Evidence,
  rules: Rules,
  seen: Pick<Judgement, 'records' | 'journals' | 'intervals'>,
): Judgement {
  const { plan, run, ...facts } = evidence.facts;
  const byNode = new FaultsByNode(evidence.faults);
  const convergence = new Convergence(byNode);
  const troubled = new TroubledMessages(mostMessages);
  const judged = evidence.layout.tests.map((test) =>
    judgeTest({ evidence, test, faults: byNode, rules, convergence, troubled }),
  );
  for (const stray of evidence.strays.all()) troubled.addStray(stray);
  const healed = evidence.faults.map((acted): Healed => {
    const { ms, never, unclear } = convergence.of(acted);
    if (acted.toMs === Number.POSITIVE_INFINITY) return { fault: acted.judgement, convergence: undefined };
    if (never) return { fault: acted.judgement, convergence: 'never' };
    return { fault: acted.judgement, convergence: unclear ? undefined : ms };
  });
  const faults = evidence.faults.map((acted, at): FaultJudgement => {
    const { judgement } = acted;
    const ms = healed[at]?.convergence;
    if (typeof ms === 'number') return { ...judgement, convergenceMs: ms };
    return acted.toMs === Number.POSITIVE_INFINITY
      ? judgement
      : { ...judgement, convergence: ms ?? 'unclear' };
  });
  const failed = failures(judged, healed, rules);
  const isShort = facts.aborted !== undefined || facts.stuck !== undefined;
  const reasons = [...(isShort ? endedEarly(failed) : failed), ...doubts(evidence, judged, faults, rules)];
  const totals = newTally();
  const layers = newLayers();
  for (const test of judged) {
    addSends(totals, test.totals);
    addReceipts(totals, test.totals);
    if (test.layers !== undefined) addLayers(layers, test.layers);
  }
  const histories = new Histories(evidence, byNode, rules);
  const worst = troubled.worst();
  return {
    v: 1,
    run,
    plan,
    facts: { ...facts, faults: plainFacts(facts.faults) },
    rules,
    verdict: verdictOf(reasons),
    reasons: reasons.map(({ reason }) => reason),
    totals,
    layers,
    tests: judged.map((test) => ({ ...test, verdict: verdictOn(test.test, reasons) })),
    faults,
    intervals: seen.intervals,
    blind: blindTimes(evidence, seen.intervals),
    messages: worst.map((one) => histories.tell(one)),
    troubled: troubled.counts,
    records: seen.records,
    journals: seen.journals,
    deliveries: chooseDeliveries(evidence, worst, histories),
  };
}
