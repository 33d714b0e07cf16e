import type { NodeTestsClient } from './node-tests.js';

/** The clock of a node is asked so often; the quickest answer counts. */
const askedTimes = 5;

/** How this machine's clock differs from a node's, by Cristian's algorithm: half the quickest round trip is the error. */
export async function measureClock(
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
