import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transition } from '../../src/bus/messages.js';
import { subjects } from '../../src/bus/subjects.js';
import { InteropClient } from '../support/interop/client.js';
import { startInteropServer } from '../support/interop/server.js';
import { until } from '../support/nats.js';
import { setStage } from './stage.js';

test('when the bus is killed and comes back, the agent has its place again and serves', async (t) => {
  const { nats, hub, agent } = await setStage(t);
  const server = await startInteropServer();
  t.after(() => server.stop());
  const survivor = agent({ to: [server.address] });
  const { instance } = await survivor.ready;
  const watcher = await nats.watcher();
  const story: Transition[] = [];

  process.kill(nats.server.pid, 'SIGKILL');
  await until('the hub is cut off', () => !hub.bus.connected);
  await until('the hub is back', () => hub.bus.connected, 20_000);
  await until('another hello', () => hub.heard.length === 2, 20_000);
  assert.equal(hub.heard[1]?.hello.instance, instance);

  const client = new InteropClient({ address: hub.address });
  t.after(() => client.close());
  await until(
    'a call goes through',
    async () => (await client.emptyCall(undefined, { deadline: Date.now() + 5_000 })).error === null,
    20_000,
  );

  const following = watcher.follow(subjects.linkTransition, {}, ({ body }) => story.push(body));
  await until('the story is told to its end', () => story.at(-1)?.to === 'online', 20_000);
  following.stop();
  const told = story.map(({ from, event, to }) => `${from} ${event} ${to}`);
  assert.deepEqual(told.slice(-3), [
    'online DISCONNECTED partitioned',
    'partitioned RECONNECTED authenticating',
    'authenticating HELLO_ACCEPTED online',
  ]);
  assert.equal(story.at(-1)?.context.instance, instance);
});

test('an agent that no hub pings says hello again with its place; one that is pinged does not', async (t) => {
  const { hub, agent } = await setStage(t);
  hub.pingIntervalMs = 700;
  const { instance } = await agent().ready;
  const pings = setInterval(() => {
    hub.exchange.ping({ name: 'attic', instance }, 10_000).catch(() => {});
  }, 50);
  t.after(() => clearInterval(pings));
  const { length } = hub.heard;
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  assert.equal(hub.heard.length, length);
  clearInterval(pings);
  await until('another hello', () => hub.heard.length === length + 1);
  assert.equal(hub.heard.at(-1)?.hello.instance, instance);
});

test('credentials are renewed before they end, and their end cuts nobody off for long', async (t) => {
  const { hub, agent } = await setStage(t);
  hub.ttlSeconds = 6;
  const server = await startInteropServer();
  t.after(() => server.stop());
  await agent({ to: [server.address] }).ready;
  const online = performance.now();
  await until('a renewal', () => hub.enrolled === 2);
  const renewedAfterMs = performance.now() - online;
  assert.ok(renewedAfterMs < 6_000, `renewed only after ${renewedAfterMs} ms`);
  await until('the old credentials end', () => hub.heard.length === 2, 20_000);
  const client = new InteropClient({ address: hub.address });
  t.after(() => client.close());
  await until(
    'a call goes through',
    async () => (await client.emptyCall(undefined, { deadline: Date.now() + 5_000 })).error === null,
  );
});
