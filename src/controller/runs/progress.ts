import type { RunProgress } from '../../bus/run-messages.js';
import type { Test } from '../../gen/postern/v1/tests.js';
import type { Seen } from '../nodes/lookout.js';
import type { Plan } from '../plan/plan.js';

/** Of more tests than these, those of a node are told as one: a message has its limits. */
const mostTests = 2_000;

/** What is told of nodes while a run goes on; what they say of other tests and faults than those of the plan is left out. */
export function progressOf(seen: ReadonlyMap<string, Seen>, plan: Plan, atMs: number): RunProgress {
  const isTest = new Set(plan.tests.map(({ test }) => test));
  const inOne = [...seen.values()].reduce((sum, { tests = [] }) => sum + tests.length, 0) > mostTests;
  const isFault = new Set(plan.faults.map(({ node, fault }) => `${node}/${fault}`));
  const nodes = [...seen].map(([node, { reached, tests = [] }]) => {
    const told = tests.filter(({ test }) => isTest.has(test)).map(testProgress);
    return { node, reached, tests: inOne ? summed(told) : told.slice(0, 100) };
  });
  const faults = [...seen].flatMap(([node, { faults: told = [] }]) =>
    told
      .filter(({ fault }) => isFault.has(`${node}/${fault}`))
      .map(({ fault, state }) => ({ fault, node, state: state.slice(0, 64) })),
  );
  return { v: 1, atMs, nodes, faults: faults.slice(0, 1_000) };
}

type TestProgress = RunProgress['nodes'][number]['tests'][number];

/** All tests of a node as one, in the state of one that has failed, or has not ended. */
function summed(tests: readonly TestProgress[]): TestProgress[] {
  const [first] = tests;
  if (first === undefined) return [];
  const sum = (of: (test: TestProgress) => number) => tests.reduce((all, test) => all + of(test), 0);
  const shown =
    tests.find(({ state }) => state === 'failed') ??
    tests.find(({ state }) => state !== 'finished' && state !== 'stopped') ??
    first;
  return [
    {
      test: 'all',
      state: shown.state,
      sent: sum(({ sent }) => sent),
      amount: sum(({ amount }) => amount),
      received: sum(({ received }) => received),
      troubled: sum(({ troubled }) => troubled),
    },
  ];
}

function testProgress({ test, state, lastSeq, spec, received, fail, info, unknown }: Test): TestProgress {
  return {
    test,
    state: state.slice(0, 64),
    sent: lastSeq,
    amount: spec?.amount ?? 0,
    received,
    troubled: fail + info + unknown,
  };
}
