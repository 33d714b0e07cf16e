import { testsOn } from '../runs/facts.js';
import { askNode, commandOf, type PlannedRun } from './context.js';
import { forEach, type StepLife } from './step.js';

/** What was sent last has this time to arrive, milliseconds. */
const settleMs = 3_000;

/**
 * Ends all tests and faults of the run at all nodes that can be reached, each as soon as it can be: none waits for others,
 * which may be cut off. Each is told the term, so that it obeys no earlier controller from then on.
 */
export async function quieten(run: PlannedRun, life: StepLife, reason: string): Promise<void> {
  const command = commandOf(run);
  await forEach(run.plan.nodes, run.plan.nodes.length, async (node) => {
    await askNode(
      run,
      life,
      { node, what: `${node} heals its faults` },
      ({ faults }) => faults.healAll.bind(faults),
      { run: run.run, command },
    );
    const known = new Set(testsOn(run.plan, node).map(({ test }) => test));
    if (known.size === 0) return;
    const { tests } = await askNode(
      run,
      life,
      { node, what: `${node} tells its tests` },
      ({ tests: client }) => client.listTests.bind(client),
      { run: run.run },
    );
    for (const { test } of tests) {
      if (!known.has(test)) continue;
      await askNode(
        run,
        life,
        { node, what: `${node} stops ${test}` },
        ({ tests: client }) => client.stopTest.bind(client),
        { run: run.run, test, reason, settleMs: Math.min(run.plan.settleMs, settleMs), command },
      );
    }
  });
  life.trouble(undefined);
}
