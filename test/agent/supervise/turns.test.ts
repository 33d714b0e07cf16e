import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { TurnQueue } from '../../../src/agent/supervise/turn-queue.js';
import { daemonCommand, factsIn, never, runs, scratchFor, supervise } from './stage.js';

test('work is done in turn, and a failure holds nothing up', async () => {
  const queue = new TurnQueue(8);
  const done: string[] = [];
  const work = (name: string, fails = false) =>
    queue.run(never, async () => {
      done.push(`${name} begins`);
      await new Promise(setImmediate);
      done.push(`${name} ends`);
      if (fails) throw new Error(name);
    });
  const all = await Promise.allSettled([work('a'), work('b', true), work('c')]);
  assert.deepEqual(
    all.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(done, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

test('no more than the bound wait, and there is room again afterwards', async () => {
  const queue = new TurnQueue(2);
  let go: () => void = () => {};
  const held = queue.run(never, () => new Promise<void>((resolve) => (go = resolve)));
  await new Promise(setImmediate);
  const waiting = [queue.run(never, async () => {}), queue.run(never, async () => {})];
  await assert.rejects(
    queue.run(never, async () => {}),
    { code: 'PROCESS_BUSY' },
  );
  go();
  await Promise.all([held, ...waiting]);
  await queue.run(never, async () => {});
});

test('a call that is given up before its turn does nothing, one whose turn has come is brought to its end', async (t) => {
  const file = join(await scratchFor(t), 'facts');
  const { supervisor } = supervise(t, daemonCommand('stubborn', file), { graceSeconds: 0.3 });
  const [first, second] = [new AbortController(), new AbortController()];
  assert.equal(await supervisor.start(never), 'success');
  const { pid } = await factsIn(file);
  const stopping = supervisor.stop(first.signal);
  const starting = supervisor.start(second.signal);
  await new Promise(setImmediate);
  first.abort();
  second.abort();
  await assert.rejects(starting, { code: 'CANCELLED' });
  assert.equal(await stopping, 'success');
  assert.ok(!runs(pid));
  assert.equal(supervisor.state, 'stopped');
});

test('a supervisor that ends takes its process along, and starts none any more', async (t) => {
  const { supervisor, pid } = supervise(t, daemonCommand('obedient'));
  await supervisor.start(never);
  const there = pid();
  const late = supervisor.restart(never);
  await supervisor.close(1_000);
  assert.ok(!runs(there));
  await assert.rejects(late, { code: 'STOPPED' });
  await assert.rejects(supervisor.start(never), { code: 'STOPPED' });
});
