import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pingIntervalMs } from '../../../src/hub/pinger.js';
import { eventually } from '../../support/processes.js';
import { Cluster } from './cluster.js';
import { type HubWork, HubWorks } from './hub-work.js';
import { SimulatedNodes } from './simulated-nodes.js';

/** Parts of the nodes that join before the second hub, the third, and then. */
const parts = [0.4, 0.3, 0.3];
/** A hub holds so many timers at most, however many nodes there are. */
const mostTimers = 60;
/** Messages of a hub that have nothing to do with nodes: its beats, and those of the others. */
const otherMessages = 60;
/** Each node's registry entry is written anew once in a minute, and every hub hears of it. */
const rewrittenEveryMs = 60_000;

/** Registers `count` nodes over three hubs of unlike shares, lets them idle, and compares what each hub does. */
export async function workFollowsOwnNodes(
  t: TestContext,
  { count, windowMs }: { count: number; windowMs: number },
): Promise<void> {
  const cluster = await Cluster.open(1);
  let nodes: SimulatedNodes | undefined;
  t.after(async () => {
    await nodes?.close();
    await cluster.close();
  });
  const works = new HubWorks(cluster);
  await works.started();
  nodes = await SimulatedNodes.open(cluster);
  const names = Array.from({ length: count }, (_, i) => `sim-${i}`);
  await nodes.bind(names);
  const joinedAt = performance.now();
  for (const [i, part] of parts.entries()) {
    if (i > 0) {
      await cluster.startHub(i);
      await works.started();
    }
    const from = Math.round(count * parts.slice(0, i).reduce((sum, one) => sum + one, 0));
    await nodes.join(names.slice(from, from + Math.round(count * part)));
  }
  t.diagnostic(
    `${count} joined in ${Math.round(performance.now() - joinedAt)} ms, the slowest in ${nodes.slowestMs} ms, ${nodes.retries} retries`,
  );
  assert.ok(nodes.retries <= count / 20, `${nodes.retries} hellos were asked to come again`);
  for (const hub of [0, 1, 2]) {
    await eventually(`hub ${hub} lists all of them as connected`, async () => {
      const listed = await cluster.nodes(hub);
      return listed.filter(({ state }) => state === 'connected.idle').length === count;
    });
  }

  const before = await works.read();
  nodes.pings.clear();
  await sleep(windowMs);
  const pings = new Map(nodes.pings);
  const after = await works.read();
  const owned = nodes.owned();
  for (const i of [0, 1, 2]) {
    const [first, last] = [before[i], after[i]];
    assert.ok(first !== undefined && last !== undefined);
    const id = instanceOf(cluster, i);
    const own = owned.get(id) ?? 0;
    const work = { ...difference(first, last), pings: pings.get(id) ?? 0, own };
    t.diagnostic(`hub ${i}: ${JSON.stringify(work)}`);
    checkHub(work, { count, windowMs });
  }
  assert.ok((owned.get(instanceOf(cluster, 2)) ?? 0) < count * 0.15, 'the third hub has few of the nodes');
  await anyReachesAny(cluster, names);
}

function checkHub(
  work: HubWork & { readonly pings: number; readonly own: number },
  { count, windowMs }: { count: number; windowMs: number },
): void {
  const { pings, own, published, delivered, timers } = work;
  const rounds = windowMs / pingIntervalMs;
  assert.ok(pings >= own * (rounds - 2) && pings <= own * (rounds + 2), `${pings} pings of ${own} nodes`);
  // One ping out and one pong in for each, whatever the fleet.
  assert.ok(published <= pings * 1.1 + own + otherMessages, `${published} messages published`);
  const heardOfOthers = (2 * count * windowMs) / rewrittenEveryMs;
  assert.ok(
    delivered <= pings * 1.1 + own + heardOfOthers + otherMessages,
    `${delivered} messages delivered`,
  );
  assert.ok(timers <= mostTimers, `${timers} timers`);
}

function difference(first: HubWork, last: HubWork): HubWork {
  return {
    published: last.published - first.published,
    delivered: last.delivered - first.delivered,
    cpuSeconds: Math.round((last.cpuSeconds - first.cpuSeconds) * 100) / 100,
    timers: last.timers,
  };
}

/** A call to any of the nodes by any of the hubs ends with that node's own words. */
async function anyReachesAny(cluster: Cluster, names: readonly string[]): Promise<void> {
  const step = Math.max(1, Math.floor(names.length / 20));
  for (const node of names.filter((_, i) => i % step === 0)) {
    for (const hub of [0, 1, 2]) {
      const client = cluster.client(hub, node);
      const { error } = await client.unaryCall({}, undefined, { deadline: Date.now() + 10_000 });
      client.close();
      assert.deepEqual([error?.code, error?.details], [12, `this is ${node}`]);
    }
  }
}

function instanceOf(cluster: Cluster, index: number): string {
  return (
    /"hub":"([^"]+)"/.exec(cluster.hub(index).process.stderr())?.[1] ?? assert.fail('a hub without a log')
  );
}
