import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../support/processes.js';
import { faults } from './faulty-door.js';
import { Held } from './held.js';
import { OutageStage } from './outages.js';

/** Longer than the minute after which an agent gives a connection up and asks the front door anew. */
const outageMs = 75_000;

test('an agent that is locked out for long in each way is online within 20 s, and holds what it held', async (t) => {
  const held = new Held(t);
  const stage = await OutageStage.open(t);
  await stage.agent(t, 'cellar');
  const client = stage.client(t, 'cellar');
  const answers = async () => (await client.unaryCall({})).error === null;
  const outage = async (fault: (typeof faults)[number], ms: number): Promise<void> => {
    const since = performance.now();
    await stage.door.fail(fault);
    await eventually('it lasts', () => performance.now() > since + ms, { timeoutMs: ms + 5_000 });
    await stage.door.open();
    const openAt = performance.now();
    await eventually('it is back', answers, { timeoutMs: 20_000 });
    t.diagnostic(`${fault}: back after ${Math.round(performance.now() - openAt)} ms`);
  };
  await eventually('it answers', answers);
  for (const fault of faults) await outage(fault, 10_000);
  held.begin();
  const before = stage.door.failed;
  for (const fault of faults) await outage(fault, outageMs);
  assert.ok(stage.door.failed - before > 50, `${stage.door.failed - before} dials failed`);
  // One that is kept, with its WebSocket, is several times as much.
  await held.asBefore(t, stage.door.failed - before, 8_000);
});
