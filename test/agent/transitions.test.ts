import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bus } from '../../src/bus/bus.js';
import type { Transition } from '../../src/bus/messages.js';
import { subjects } from '../../src/bus/subjects.js';
import { until } from '../support/nats.js';
import { setStage } from './stage.js';

/** All that the streams hold of the agent's link and of the daemon beside it. */
async function kept(hub: Bus): Promise<{ link: Transition[]; daemon: Transition[] }> {
  const [link, daemon] = await Promise.all(
    [subjects.linkTransition, subjects.daemonTransition].map(async (subject) => {
      const page = await hub.page(subject, { node: 'attic' }, { after: 0 });
      assert.equal(page.more, false);
      return page.messages.map(({ body }) => body);
    }),
  );
  return { link: link ?? [], daemon: daemon ?? [] };
}

test('when the bus is killed under an agent, nothing that its link and its daemon did meanwhile is missing', async (t) => {
  const { nats, hub, agent } = await setStage(t);
  const running = agent({ daemon: '127.0.0.1:1' });
  await running.ready;
  const away = (story: readonly Transition[]) => story.filter(({ event }) => event === 'RECONNECTED').length;
  for (let round = 1; round <= 2; round += 1) {
    const { pid } = nats.server;
    // what the agent says until it sees the loss is lost with the server
    process.kill(pid, 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 600));
    process.kill(pid, 'SIGKILL');
    await until('the hub is back', () => nats.server.pid !== pid && hub.bus.connected, 20_000);
    await until(
      'the agent tells of its return',
      async () => {
        const { link } = await kept(hub.bus).catch(() => ({ link: [] }));
        return away(link) === round && link.at(-1)?.to === 'online';
      },
      20_000,
    );
  }
  await running.stop();
  const told = await kept(hub.bus);
  for (const [machine, story] of Object.entries(told)) {
    assert.deepEqual(
      story.map(({ sequence }) => sequence),
      story.map((_, index) => index),
      `${machine}: ${story.map(({ from, event, to }) => `${from} ${event} ${to}`).join('; ')}`,
    );
    assert.equal(new Set(story.map(({ bornMs }) => bornMs)).size, 1);
    for (const [index, { from }] of story.entries()) assert.equal(from, story[index - 1]?.to ?? '');
  }
  assert.ok(told.daemon.length >= 6, `the daemon moved only ${told.daemon.length} times`);
  assert.deepEqual(
    [told.link.at(0)?.event, told.link.at(-1)?.to, told.daemon.at(-1)?.to],
    ['xstate.init', 'closed', 'stopped'],
  );
  const accepted = told.link.filter(({ event }) => event === 'HELLO_ACCEPTED');
  assert.deepEqual(new Set(accepted.map(({ by }) => by)), new Set(['node/attic']));
  const sizes = [...told.link, ...told.daemon]
    .map((body) => JSON.stringify(body).length)
    .sort((a, b) => a - b);
  const typical = sizes[sizes.length >> 1] ?? 0;
  assert.ok(typical < 600, `a typical one has ${typical} bytes`);
});
