import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../support/processes.js';
import { slack } from './bounds.js';
import type { OpenCall } from './caller.js';
import { assertGoOn } from './checks.js';
import { Load, Trio } from './trio.js';

/** What a process gives open calls to finish, as these tests set it: enough for those of 1.5 s on a busy machine. */
const drainSeconds = 8;

/** Calls that are open for a while: a unary one, and a stream that the client ends. */
async function openLong(trio: Trio, address: string): Promise<OpenCall[]> {
  const caller = trio.caller(address);
  const calls = Array.from({ length: 6 }, () => caller.open('Echo'));
  calls.push(...Array.from({ length: 6 }, () => caller.open('Wait', { answerMs: 1_500 })));
  await eventually('they are open', () => {
    const begun = trio.begun();
    return calls.every(({ id }) => begun.has(id));
  });
  return calls;
}

/** They go on although they were told to come to an end, and end well. */
async function finish(calls: readonly OpenCall[]): Promise<void> {
  await assertGoOn(
    calls.filter(({ method }) => method === 'Echo'),
    'while it drains',
  );
  for (const call of calls) if (call.method === 'Echo') call.finish();
  const ends = await Promise.all(calls.map(({ ended }) => ended));
  assert.deepEqual(
    ends.filter(({ code }) => code !== 0),
    [],
  );
}

describe('told to stop under load', () => {
  let trio: Trio;
  before(async () => {
    trio = await Trio.open({ drain: `${drainSeconds}s` });
  });
  after(() => trio?.close());

  const hub = (i: number): string => trio.addresses[i] ?? assert.fail();

  test('an agent lets its calls finish, new ones go to others, and no call fails', async () => {
    const load = new Load(trio.caller(...trio.addresses), { lanes: 12, answerMs: 40 });
    await load.more(100);
    const calls = [...(await openLong(trio, hub(0))), ...(await openLong(trio, hub(1)))];
    const stopped = [trio.agents[0], trio.agents[1]].map((agent) => agent?.stop());
    await finish(calls);
    assert.deepEqual(await Promise.all(stopped), [0, 0]);
    await load.more(100);
    await Promise.all([trio.startAgent(0), trio.startAgent(1)]);
    await trio.ready(3);
    await load.more(100);
    await load.stop();
    assert.deepEqual(load.failed(), []);
    await trio.toldOf(load.answered());
    const begun = trio.begun();
    for (const { id } of load.ends) assert.equal(begun.get(id), 1, id);
  });

  test('a hub lets its calls finish, new ones go to the other hub, and no call fails', async () => {
    const load = new Load(trio.caller(...trio.addresses), { lanes: 12, answerMs: 40 });
    await load.more(100);
    const calls = await openLong(trio, hub(1));
    const stopped = trio.hubs[1]?.stop();
    await finish(calls);
    assert.equal(await stopped, 0);
    await load.more(100);
    await load.stop();
    assert.deepEqual(load.failed(), []);
  });

  test('agents whose calls do not finish end them in time', async () => {
    const calls = (await openLong(trio, hub(0))).filter(({ method }) => method === 'Echo');
    const since = performance.now();
    const stopped = [trio.agents[0], trio.agents[1]].map((agent) => agent?.stop());
    assert.deepEqual(await Promise.all(stopped), [0, 0]);
    const took = (performance.now() - since) / 1000;
    assert.ok(took > drainSeconds - 0.1 && took < drainSeconds + 3 * slack, `after ${took} s`);
    await eventually('the hub knows', () => calls.filter(({ end }) => end !== undefined).length === 4);
    for (const { end } of calls) {
      if (end === undefined) continue;
      assert.deepEqual([end.code, end.message, end.marker], [14, 'trio is stopping', 'UNAVAILABLE']);
    }
    await assertGoOn(
      calls.filter(({ end }) => end === undefined),
      'at the third instance',
    );
    for (const call of calls) call.finish();
  });

  test('a second signal ends an agent and a hub at once', async () => {
    const calls = await openLong(trio, hub(0));
    for (const one of [trio.agents[2], trio.hubs[0]]) {
      const told = one?.stderr().length;
      one?.signal('SIGTERM');
      await eventually('it has heard of it', () => /stopping|draining/.test(one?.stderr().slice(told) ?? ''));
      const since = performance.now();
      one?.signal('SIGTERM');
      assert.equal(await one?.exited, 143);
      assert.ok(performance.now() - since < 1_000 + slack * 1000);
    }
    for (const call of calls) assert.equal((await call.ended).code, 14);
  });
});
