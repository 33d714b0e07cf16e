import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Load, Trio } from './trio.js';

let trio: Trio;
before(async () => {
  trio = await Trio.open();
});
after(() => trio?.close());

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
  const begun = trio.begun();
  for (const { id, code, message } of load.ends) {
    const times = begun.get(id) ?? 0;
    assert.ok(code === 0 || code === 14, `${code} ${message}`);
    assert.ok(times === 1 || (code !== 0 && times === 0), `${id} ${code} ${message}: begun ${times} times`);
  }
  assert.ok(load.failed().length <= 3 * 8, `${load.failed()}`);
});
