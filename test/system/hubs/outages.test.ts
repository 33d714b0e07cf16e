import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../support/processes.js';
import { faults } from './faulty-door.js';
import { Held } from './held.js';
import { OutageStage } from './outages.js';

/** Failed dials of each kind. */
const times = 40;
/** What one failed dial may leave for a while on average, bytes. */
const bytesEach = 3_000;
const never = new AbortController().signal;

test('240 dials to a front door that fails in six ways leave nothing, and the next one succeeds', {
  timeout: 120_000,
}, async (t) => {
  const held = new Held(t);
  const stage = await OutageStage.open(t);
  const ways = await stage.ways(t, 150);
  const patient = await stage.ways(t, 10_000);
  const failing = async (dials: number): Promise<void> => {
    for (const fault of faults) {
      await stage.door.fail(fault);
      for (let i = 0; i < dials; i += 1) {
        await assert.rejects(ways.connect(0, never), { code: /^HUB_/ }, fault);
      }
      // The next kind of fault would cut them.
      await eventually('nothing is left of them', () => stage.door.connections === 0);
    }
    await stage.door.open();
    await (await patient.connect(0, never)).close();
  };
  await failing(10);
  held.begin();
  await failing(times);
  await held.asBefore(t, times * faults.length, bytesEach);
});

test('an agent that was locked out in every way is online within 10 s, and holds what it held', async (t) => {
  const held = new Held(t);
  const stage = await OutageStage.open(t);
  const { metrics } = await stage.agent(t, 'cellar');
  const client = stage.client(t, 'cellar');
  const subscriptions = async (): Promise<number> => {
    const counted = await metrics.getSingleMetric('postern_bus_subscriptions')?.get();
    return counted?.values.reduce((sum, { value }) => sum + value, 0) ?? assert.fail();
  };
  const answers = async () => (await client.unaryCall({})).error === null;
  const outage = async () => {
    for (const fault of faults) {
      const before = stage.door.failed;
      await stage.door.fail(fault);
      await eventually(
        `it has met a door that is ${fault}`,
        () => fault === 'gone' || stage.door.failed > before,
        {
          everyMs: 20,
        },
      );
    }
    await stage.door.open();
    const since = performance.now();
    // 10 s, and what a busy machine adds.
    await eventually('it is back', answers, { timeoutMs: 14_000, everyMs: 50 });
    t.diagnostic(`back after ${Math.round(performance.now() - since)} ms`);
  };
  await eventually('it answers', answers);
  // What the first outage alone loads and compiles stays for good.
  await outage();
  held.begin();
  const before = await subscriptions();
  await outage();
  await eventually('as many subscriptions as before', async () => (await subscriptions()) === before);
  await held.asBefore(t, 10, 100_000);
});
