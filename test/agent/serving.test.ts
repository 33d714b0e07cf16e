import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interopCases } from '../support/interop/cases.js';
import { InteropClient, statusOf } from '../support/interop/client.js';
import { startInteropServer } from '../support/interop/server.js';
import { until } from '../support/nats.js';
import { setStage } from './stage.js';

test('every interop case passes through the bus into the local server', async (t) => {
  const { hub, agent, metrics } = await setStage(t);
  const server = await startInteropServer();
  t.after(() => server.stop());
  await agent({ to: [server.address] }).ready;
  for (const [name, run] of Object.entries(interopCases)) {
    await t.test(name, () => run({ address: hub.address }));
  }
  await until('no call is open', async () => /postern_agent_calls_open 0\n/.test(await metrics.metrics()));
  const counted = await metrics.metrics();
  for (const status of ['0', '1', '2', '12']) {
    assert.match(
      counted,
      new RegExp(`postern_agent_calls_total{status="${status}"} [1-9]`),
      `status ${status}`,
    );
  }
});

test('the longest prefix decides which server gets a call; where none fits, it says so', async (t) => {
  const { hub, agent } = await setStage(t);
  const all = await startInteropServer({ serverId: 'package' });
  const unary = await startInteropServer({ serverId: 'unary' });
  t.after(() => Promise.all([all.stop(), unary.stop()]));
  await agent({
    to: [`grpc.testing.=${all.address}`, `grpc.testing.TestService/UnaryCall=${unary.address}`],
  }).ready;
  assert.deepEqual(hub.heard[0]?.hello.services, ['grpc.testing.', 'grpc.testing.TestService/UnaryCall']);
  const client = new InteropClient({ address: hub.address });
  t.after(() => client.close());
  const { value } = await client.unaryCall({ fillServerId: true });
  assert.equal(value?.serverId, 'unary');
  await unary.stop();
  const { error } = await client.emptyCall();
  assert.ifError(error);
  assert.equal((await client.unaryCall({ fillServerId: true })).status.code, 14);
  const { status } = await client.callPath('/other.Service/Method');
  assert.equal(status.code, 12);
  assert.equal(status.details, "node 'attic' has no server for /other.Service/Method");
});

test('a server that is not there is named', async (t) => {
  const { hub, agent } = await setStage(t);
  await agent({ to: ['127.0.0.1:1'] }).ready;
  const client = new InteropClient({ address: hub.address });
  t.after(() => client.close());
  const { status } = await client.emptyCall();
  assert.equal(status.code, 14);
  assert.match(status.details, /127\.0\.0\.1:1/);
});

test('an agent that stops says so, lets open calls finish, and refuses new ones', async (t) => {
  const { hub, agent } = await setStage(t);
  const server = await startInteropServer();
  t.after(() => server.stop());
  const leaving = agent({ to: [server.address] });
  const { instance } = await leaving.ready;
  const client = new InteropClient({ address: hub.address });
  t.after(() => client.close());
  const open = client.fullDuplexCall();
  const ended = statusOf(open);
  const answers: number[] = [];
  open.on('data', (answer: { payload?: { body: Uint8Array } }) =>
    answers.push(answer.payload?.body.length ?? 0),
  );
  open.write({ responseParameters: [{ size: 10 }] });
  await until('the call is open', () => answers.length === 1);

  const stopped = leaving.stop();
  await until('it says that it drains', () => hub.byes.length === 1);
  assert.deepEqual(hub.byes[0], { instance, reason: 'draining' });
  const { status } = await client.emptyCall(undefined, { deadline: Date.now() + 5_000 });
  assert.equal(status.code, 14);
  open.write({ responseParameters: [{ size: 20 }] });
  await until('the open call goes on', () => answers.length === 2);
  open.end();
  assert.equal((await ended).code, 0);
  await stopped;
  await until('it says that it is gone', () => hub.byes.length === 2);
  assert.deepEqual(hub.byes[1], { instance, reason: 'stopped' });
  assert.equal((await leaving.done).reason, 'stopped');
});

test('calls that do not finish in time end with UNAVAILABLE', async (t) => {
  const { hub, agent } = await setStage(t);
  const server = await startInteropServer();
  t.after(() => server.stop());
  const leaving = agent({ to: [server.address], drainSeconds: 0.2 });
  await leaving.ready;
  const client = new InteropClient({ address: hub.address });
  t.after(() => client.close());
  const open = client.fullDuplexCall();
  const ended = statusOf(open);
  open.on('data', () => {});
  open.write({ responseParameters: [{ size: 10 }] });
  await until('the call is open', () => server.counters.open === 1);
  await leaving.stop();
  assert.equal((await ended).code, 14);
  await until('the server sees its end', () => server.counters.open === 0);
});
