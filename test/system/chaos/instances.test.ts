import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../support/processes.js';
import { bounds, slack } from './bounds.js';
import type { OpenCall } from './caller.js';
import { Load, Trio } from './trio.js';

const slowMs = 1_000;

describe('two hubs and three instances of one node', () => {
  let trio: Trio;
  before(async () => {
    trio = await Trio.open({ slowMs });
  });
  after(() => trio?.close());

  const hub = (i: number): string => trio.addresses[i] ?? assert.fail();
  /** How many calls each server has got since. */
  const since = (before: readonly number[]): number[] =>
    trio.shares().map((share, i) => share - (before[i] ?? 0));

  test('each hub gives its open calls to the instances evenly', async () => {
    const opened: OpenCall[] = [];
    for (const address of trio.addresses) {
      const before = trio.shares();
      const caller = trio.caller(address);
      const calls = Array.from({ length: 30 }, () => caller.open('Echo'));
      opened.push(...calls);
      await eventually('all are answered', () => calls.every(({ messages }) => messages > 0));
      await trio.toldOf(calls.map(({ id }) => id));
      for (const share of since(before)) assert.ok(share >= 9 && share <= 11, `${since(before)}`);
    }
    for (const call of opened) call.finish();
    for (const { code } of await Promise.all(opened.map(({ ended }) => ended))) assert.equal(code, 0);
  });

  test('an instance whose server is slow gets less than its share, from both hubs', async () => {
    for (const addresses of [[hub(0)], [hub(1)], trio.addresses]) {
      const before = trio.shares();
      const load = new Load(trio.caller(...addresses), { lanes: 12, answerMs: 0 });
      await load.more(300);
      await load.stop();
      assert.deepEqual(load.failed(), []);
      await trio.toldOf(load.answered());
      const [one = 0, two = 0, slow = 0] = since(before);
      assert.ok(slow > 0, 'it gets some');
      assert.ok(slow < one / 2 && slow < two / 2, `${one} ${two} ${slow}`);
      assert.ok(one < two * 1.5 && two < one * 1.5, `${one} ${two} ${slow}`);
    }
  });

  test('a call that an instance could not bring to its server is answered by another one, once', async () => {
    trio.servers[2]?.signal('SIGKILL');
    const load = new Load(trio.caller(...trio.addresses), { lanes: 6, answerMs: 0 });
    await load.more(200);
    await load.stop();
    await trio.startServer(2);
    // What was open at the moment of its death may have been seen by it.
    const failed = load.ends.filter(({ code }) => code !== 0);
    for (const { code, message } of failed) {
      assert.equal(code, 14, message);
      assert.match(message, /the connection to the server at .* was lost/);
    }
    assert.ok(failed.length <= 6, `${failed.map(({ message }) => message)}`);
    await trio.toldOf(load.answered());
    const begun = trio.begun();
    for (const { id, code } of load.ends) {
      const times = begun.get(id) ?? 0;
      assert.ok(times === 1 || (code !== 0 && times === 0), `${id}: begun ${times} times`);
    }
  });

  test('when no instance can bring a call to its server, it is UNAVAILABLE with the reason', async () => {
    for (const server of trio.servers) server.signal('SIGKILL');
    const caller = trio.caller(hub(0));
    await eventually('nobody answers', async () => (await caller.ask()).code !== 0);
    const call = caller.open('Wait');
    const end = await call.ended;
    assert.equal(end.code, 14);
    assert.match(end.message, /the server at 127\.0\.0\.1:\d+ cannot be reached/);
    assert.equal(end.marker, 'UNAVAILABLE');
    assert.ok(end.at - call.openedAt < (bounds.atOnce + slack) * 1000);
    for (const i of [0, 1, 2]) await trio.startServer(i);
    assert.equal((await caller.ask()).code, 0);
  });

  test('under kills of agents and servers no call is begun twice, and those that succeed were begun', async () => {
    const load = new Load(trio.caller(...trio.addresses), { lanes: 8, answerMs: 40 });
    await load.more(100);
    trio.servers[0]?.signal('SIGKILL');
    await load.more(100);
    await trio.startServer(0);
    trio.agents[1]?.signal('SIGKILL');
    await load.more(100);
    trio.servers[2]?.signal('SIGKILL');
    await load.more(100);
    await trio.startServer(2);
    await trio.startAgent(1);
    await trio.ready(3);
    await load.more(100);
    await load.stop();
    await trio.toldOf(load.answered());
    const begun = trio.begun();
    for (const { id, code, message } of load.ends) {
      const times = begun.get(id) ?? 0;
      assert.ok(code === 0 || code === 14, `${code} ${message}`);
      assert.ok(times === 1 || (code !== 0 && times === 0), `${id} ${code} ${message}: begun ${times} times`);
    }
    assert.ok(load.failed().length <= 3 * 8, `${load.failed()}`);
  });
});
