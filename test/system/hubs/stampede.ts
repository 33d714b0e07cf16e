import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { createUserKey } from '../../../src/bus/nkeys.js';
import { startTunnelNode } from '../../../src/client/tunnel/tunnel-node.js';
import { tunnelUrl } from '../../../src/client/tunnel/tunnel-url.js';
import { testLog } from '../../support/nats.js';
import { eventually } from '../../support/processes.js';
import { Cluster } from './cluster.js';
import { CountingRelay } from './counting-relay.js';

const windowMs = 100;

/** The shortest pauses before attempts, as docs/tunnels.md has them, in milliseconds. */
function* shortestPausesMs(): Generator<number> {
  yield 250;
  for (let pauseMs = 500; ; pauseMs = Math.min(15_000, 2 * pauseMs)) yield 0.75 * pauseMs;
}

/** So many attempts one node makes in this time, at most. */
function mostAttempts(ms: number): number {
  let [attempts, passedMs] = [0, 0];
  for (const pauseMs of shortestPausesMs()) {
    passedMs += pauseMs;
    if (passedMs > ms) return attempts;
    attempts += 1;
  }
  return attempts;
}

/**
 * Ends the hub that `count` tunnels lead to, and starts it again when it was away for `awayMs`: sees that their nodes do
 * not all come in one instant, not too often, and that all are back.
 */
export async function comesBackWithoutStampede(
  t: TestContext,
  options: { count: number; signal: 'SIGTERM' | 'SIGKILL'; awayMs: number },
): Promise<void> {
  const { count, signal, awayMs } = options;
  const cluster = await Cluster.open(1);
  t.after(() => cluster.close());
  const relay = new CountingRelay(cluster.hub(0).address);
  t.after(() => relay.stop());
  const hubs = [tunnelUrl(await relay.start())];
  const names = Array.from({ length: count }, (_, i) => `node-${i}`);
  const tokens = await cluster.joinTokens(names);
  const nodes = names.map((node) =>
    startTunnelNode({
      ...{ node, hubs, key: createUserKey(), token: tokens.get(node), share: false, outbound: {} },
      ...{ timeoutMs: 10_000, drainMs: 1_000, version: 'test', log: testLog },
      onConnection: (connection) => connection.destroy(),
    }),
  );
  t.after(() => Promise.all(nodes.map((node) => node.stop())));
  await Promise.all(nodes.map(({ ready }) => ready));
  const connected = async () =>
    (await cluster.nodes(0)).filter(({ state }) => state.startsWith('connected')).length === count;
  await eventually('all are connected', connected);

  const lostAt = performance.now();
  await cluster.hub(0).process.stop(signal);
  await eventually('the hub was away for long enough', () => performance.now() > lostAt + awayMs, {
    everyMs: 20,
  });
  await cluster.startHub(0);
  const backAt = performance.now();
  await eventually('all are connected again', connected, { timeoutMs: 30_000 });
  const allBackMs = Math.round(performance.now() - backAt);

  const came = relay.cameAt.filter((at) => at >= lostAt).length;
  const peak = relay.peak(windowMs, lostAt);
  t.diagnostic(
    `${count} tunnels, hub away for ${Math.round(backAt - lostAt)} ms: ${came} connections, at most ${peak} in ${windowMs} ms; all back after ${allBackMs} ms`,
  );
  assert.ok(peak <= count / 2, `${peak} of ${count} came within ${windowMs} ms`);
  // Each attempt is one connection, the one that succeeds is two.
  const most = count * (mostAttempts(performance.now() - lostAt) + 1);
  assert.ok(came <= most, `${came} connections, not more than ${most}`);
}
