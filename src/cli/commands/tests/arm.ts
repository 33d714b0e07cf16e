import { type Invocation, requiredWord } from '../../invocation.js';
import { withHub } from '../../with-hub.js';
import { byHand, NodeTestsClient } from './node-tests.js';
import { showTests } from './test-view.js';

/** The clock of a node is asked so often; the quickest answer counts. */
const askedTimes = 5;

/** `postern test arm`. */
export async function run(invocation: Invocation): Promise<number> {
  const [node, test] = [requiredWord(invocation, 0), requiredWord(invocation, 1)];
  const runName = invocation.options.text('run') ?? '';
  const inMs = invocation.options.durationMs('in') ?? 0;
  const armed = await withHub(invocation, async (connection) => {
    const tests = new NodeTestsClient(connection);
    const clock = await measureClock(tests, node);
    const startAtMs = Date.now() + inMs;
    return tests.ask(node, (client) => client.armTest, {
      run: runName,
      test,
      startAtMs,
      ...clock,
      ...byHand,
    });
  });
  showTests(invocation, armed.test === undefined ? [] : [armed.test]);
  return 0;
}

/** How this machine's clock differs from a node's, by Cristian's algorithm: half the quickest round trip is the error. */
async function measureClock(
  tests: NodeTestsClient,
  node: string,
): Promise<{ offsetMs: number; errorMs: number }> {
  let best = { offsetMs: 0, errorMs: Number.POSITIVE_INFINITY };
  for (let i = 0; i < askedTimes; i++) {
    const since = performance.now();
    const askedAt = Date.now();
    const { nowMs } = await tests.ask(node, (client) => client.getTime, {});
    const errorMs = (performance.now() - since) / 2;
    if (errorMs < best.errorMs) best = { offsetMs: askedAt + errorMs - nowMs, errorMs };
  }
  return best;
}
