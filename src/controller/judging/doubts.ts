import { t0OfFault } from '../plan/fault-times.js';
import type { Evidence } from './evidence.js';
import type { JudgedTest } from './judge-test.js';
import type { FaultJudgement } from './judgement.js';
import type { Rules } from './rules.js';
import type { FoundReason } from './verdict.js';
import type { Witness } from './witness.js';
import { counted, listed, span } from './wording.js';

/** What may be wrong with what one node wrote of one test, in words; the worst first. */
const ofJournals = [
  ['no-journal', 'nothing came of what nodes wrote'],
  ['forked', 'there is more than one journal of a node in a test, and only the first one was judged'],
  ['failed', 'a test could not go on'],
  ['gap', 'records are missing'],
  ['damaged', 'records were damaged on disk'],
  ['altered', 'records are not as they were written'],
  ['unfinished', 'the records do not reach to the end of the test'],
  ['no-final', 'nobody knows all that a node had in the end'],
  ['unsent', 'not all was sent that should have been'],
] as const;
type JournalDoubt = (typeof ofJournals)[number][0];

/** Why it cannot be said that a run has passed. */
export function doubts(
  evidence: Evidence,
  tests: readonly JudgedTest[],
  faults: readonly FaultJudgement[],
  rules: Rules,
): FoundReason[] {
  const begun = tests.filter(({ phase }) => evidence.facts.t0[phase] !== undefined);
  return [
    ...ofRun(evidence, tests),
    ...journalDoubts(evidence),
    ...clockDoubts(evidence, rules),
    ...faultDoubts(begunFaults(evidence, faults)),
    ...emptyTests(evidence, begun),
    ...unjudged(begun),
  ];
}

function ofRun({ facts }: Evidence, tests: readonly JudgedTest[]): FoundReason[] {
  const found: FoundReason[] = [];
  const { aborted, stuck } = facts;
  if (aborted !== undefined) found.push(doubt('aborted', `${aborted.by} ended it: ${aborted.reason}`));
  if (stuck !== undefined)
    found.push(doubt('stuck', `it came no further than ${stuck.step}: ${stuck.message}`));
  for (const phase of ['control', 'main'] as const) {
    const names = tests.filter((one) => one.phase === phase).map(({ test }) => test);
    if (names.length === 0 || facts.t0[phase] !== undefined) continue;
    found.push(doubt('not-started', `the ${phase} phase did not begin`, names));
  }
  if (tests.length === 0) found.push(doubt('nothing-expected', 'the plan has no test'));
  return found;
}

function journalDoubts({ facts, witnesses }: Evidence): FoundReason[] {
  const found = new Map<JournalDoubt, { places: string[]; tests: Set<string> }>();
  for (const witness of witnesses) {
    const { test, phase, name } = witness.test.planned;
    if (facts.t0[phase] === undefined) continue;
    for (const [kind, why] of doubtsOf(witness)) {
      const known = found.get(kind) ?? { places: [], tests: new Set() };
      found.set(kind, known);
      known.places.push(`${witness.node} in ${name}${why === '' ? '' : ` (${why})`}`);
      known.tests.add(test);
    }
  }
  return ofJournals.flatMap(([kind, what]) => {
    const known = found.get(kind);
    return known === undefined ? [] : [doubt(kind, `${what}: ${listed(known.places)}`, known.tests)];
  });
}

function doubtsOf(witness: Witness): Map<JournalDoubt, string> {
  if (witness.journals === 0) return new Map([['no-journal', '']]);
  const found = new Map<JournalDoubt, string>(witness.troubles());
  if (witness.isForked) found.set('forked', counted(witness.journals, 'journal'));
  if (found.size > 0) return found;
  const { planned, isReceived } = witness.test;
  if (isReceived && witness.reading === undefined) found.set('no-final', 'its last reading is not complete');
  const asked = planned.senders.includes(witness.node) ? planned.amount : 0;
  const done = witness.tried + witness.skipped;
  if (done < asked) {
    const why = witness.stopped === undefined ? '' : `; ${witness.stopped}`;
    found.set('unsent', `${done} of ${asked}${why}`);
  }
  return found;
}

function clockDoubts({ layout, facts, clocks }: Evidence, { lateAfterMs }: Rules): FoundReason[] {
  const begun = layout.tests.filter(({ planned }) => facts.t0[planned.phase] !== undefined);
  const nodes = new Set(begun.flatMap(({ members }) => members));
  const bad = [...nodes].flatMap((node) => {
    const reading = clocks.reading(node);
    if (reading === undefined) return [`${node} (nobody measured it)`];
    return reading.errorMs > lateAfterMs / 2 ? [`${node} (by up to ${span(reading.errorMs)})`] : [];
  });
  if (bad.length === 0) return [];
  const text = `what is late after ${span(lateAfterMs)} cannot be told by clocks that may be so wrong: ${listed(bad)}`;
  return [doubt('clock', text)];
}

/** Those of phases that were armed: others could not act. */
function begunFaults({ facts }: Evidence, faults: readonly FaultJudgement[]): readonly FaultJudgement[] {
  const planned = new Map(facts.plan.faults.map((fault) => [fault.fault, fault]));
  return faults.filter(({ fault }) => {
    const found = planned.get(fault);
    return found !== undefined && t0OfFault(found, facts.t0) !== undefined;
  });
}

function faultDoubts(faults: readonly FaultJudgement[]): FoundReason[] {
  const named = (proof: FaultJudgement['proof']): string[] =>
    faults
      .filter((fault) => fault.proof === proof)
      .map(({ kind, node, fault, reason = '' }) => `${kind} of ${node} (${fault}): ${reason}`);
  const [wrong, unproven] = [named('mismatch'), named('inconclusive')];
  return [
    ...(wrong.length === 0
      ? []
      : [doubt('fault-mismatch', `faults did not act as planned: ${listed(wrong)}`)]),
    ...(unproven.length === 0
      ? []
      : [doubt('fault-inconclusive', `nobody can say whether faults acted as planned: ${listed(unproven)}`)]),
  ];
}

function emptyTests({ layout }: Evidence, tests: readonly JudgedTest[]): FoundReason[] {
  return tests.flatMap(({ test, name, totals }) => {
    if (layout.test(test)?.isReceived === false) {
      return totals.ok > 0 ? [] : [doubt('nothing-answered', `no call of ${name} was answered`, [test])];
    }
    if (totals.expected === 0) {
      return [doubt('nothing-expected', `nothing was sent in ${name} that anybody is owed`, [test])];
    }
    return totals.delivered > 0 ? [] : [doubt('nothing-delivered', `nothing arrived in ${name}`, [test])];
  });
}

function unjudged(tests: readonly JudgedTest[]): FoundReason[] {
  const found = tests.filter(({ totals }) => totals.unknown > 0);
  if (found.length === 0) return [];
  const places = found.map(({ name, totals }) => `${name}: ${totals.unknown}`);
  const text = `nobody can say whether these messages arrived: ${listed(places)}`;
  return [
    doubt(
      'unknown',
      text,
      found.map(({ test }) => test),
    ),
  ];
}

function doubt(code: string, text: string, tests?: Iterable<string>): FoundReason {
  return {
    reason: { code, verdict: 'unknown', text },
    tests: tests === undefined ? 'all' : new Set(tests),
  };
}
