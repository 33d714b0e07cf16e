import type { RunProgress } from '../../bus/run-messages.js';
import type { Test } from '../../gen/postern/v1/tests.js';
import type { Seen } from '../nodes/lookout.js';

/** What is told of nodes while a run goes on. */
export function progressOf(seen: ReadonlyMap<string, Seen>, atMs: number): RunProgress {
  const nodes = [...seen].map(([node, { reached, tests }]) => ({
    node,
    reached,
    tests: (tests ?? []).slice(0, 100).map(testProgress),
  }));
  const faults = [...seen].flatMap(([node, { faults: told }]) =>
    (told ?? []).map(({ fault, state }) => ({ fault, node, state })),
  );
  return { v: 1, atMs, nodes, faults: faults.slice(0, 1_000) };
}

function testProgress({
  test,
  state,
  lastSeq,
  spec,
  received,
  fail,
  info,
  unknown,
}: Test): RunProgress['nodes'][number]['tests'][number] {
  return {
    test,
    state,
    sent: lastSeq,
    amount: spec?.amount ?? 0,
    received,
    troubled: fail + info + unknown,
  };
}
