import assert from 'node:assert/strict';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { Cluster } from './cluster.js';
import { SteadyLoad } from './steady-load.js';

const agents = ['agent-0', 'agent-1', 'agent-2'];
/** The tunnel of each leads to the hub of its number, and to the next one when that is gone. */
const tunnels = ['tunnel-0', 'tunnel-1', 'tunnel-2'];
const nodes = [...agents, ...tunnels];

/** The owner of a node that died is replaced within so long, milliseconds: see docs/failures.md. */
const adoptedMs = 7_000;
/** A node whose hub is gone is back by another hub within so long, milliseconds; 3 s are for a busy machine. */
const backMs = 5_000 + 3_000;

/** A hub that ends, one of three, and is started again. */
export interface Restart {
  readonly victim: number;
  readonly signal: 'SIGTERM' | 'SIGKILL';
}

/** Three hubs with nodes of both kinds, on a bus of their own. */
export async function openRestartStage(): Promise<Cluster> {
  const cluster = await Cluster.open(3);
  const { fleet } = cluster;
  try {
    const server = await fleet.interopServer();
    for (const node of agents) await fleet.agent(node, [server.address]);
    const tokens = await cluster.joinTokens(tunnels);
    for (const [i, node] of tunnels.entries()) {
      const uris = [i, (i + 1) % 3].flatMap((hub) => ['--hub-uri', `ws://${cluster.hub(hub).address}/ws`]);
      await fleet.start(
        ['serve', node, '--to', server.address, ...uris, '--data', path.join(fleet.dir, node)],
        { env: { POSTERN_TOKEN: tokens.get(node) } },
      );
    }
    await cluster.reachable(nodes, [0, 1, 2]);
  } catch (thrown) {
    await cluster.close();
    throw thrown;
  }
  return cluster;
}

/** Ends the hubs one after the other under load through the two others, and sees who notices. */
export async function restartUnderLoad(
  t: TestContext,
  cluster: Cluster,
  restarts: readonly Restart[],
): Promise<void> {
  for (const { victim, signal } of restarts) {
    const others = [0, 1, 2].filter((hub) => hub !== victim);
    const load = new SteadyLoad(cluster, nodes, others);
    const since = performance.now();
    const lap = () => Math.round(performance.now() - since);
    try {
      await load.more(5);
      const moved = await tunnelsOf(cluster, others[0] ?? 0, victim);
      assert.notEqual(moved.length, 0, `no tunnel leads to hub ${victim}`);
      const ended = await cluster.hub(victim).process.stop(signal);
      assert.equal(ended, signal === 'SIGTERM' ? 0 : signal);
      const goneAt = lap();
      await cluster.reachable(moved, others, backMs);
      const tookMs = lap() - goneAt;
      // Nobody else notices, also when the others take over what the hub watched.
      const watchedMs = signal === 'SIGKILL' ? adoptedMs + 1_000 : 0;
      while (lap() < goneAt + watchedMs) await load.more(20, agents);
      await cluster.startHub(victim);
      await cluster.reachable(nodes, [victim]);
      await load.more(20);
      const failed = load.takeFailed();
      t.diagnostic(
        `${signal} of hub ${victim}: ${moved.join()} back after ${tookMs} ms, ${failed.length} calls failed`,
      );
      const wrong = failed.filter(({ node, code }) => !moved.includes(node) || code !== 14);
      assert.deepEqual(wrong.slice(0, 10), [], `${wrong.length} calls failed that should not`);
    } finally {
      await load.stop();
    }
  }
}

/** The nodes whose tunnel leads to hub `of`. */
async function tunnelsOf(cluster: Cluster, asked: number, of: number): Promise<string[]> {
  const self = cluster.hub(of).process.stderr();
  const instances = (await cluster.nodes(asked)).filter(({ name }) => tunnels.includes(name));
  const led = instances.filter(
    ({ instances: [one] }) => one !== undefined && self.includes(`"hub":"${one.hub}"`),
  );
  return led.map(({ name }) => name);
}
