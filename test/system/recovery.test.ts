import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Fleet } from '../support/fleet.js';
import { eventually, type RunningProcess } from '../support/processes.js';

const unary = 'grpc.testing.TestService/UnaryCall';

let fleet: Fleet;
let hub: RunningProcess;
let server: RunningProcess & { address: string };

before(async () => {
  fleet = await Fleet.make();
  hub = await fleet.up();
  server = await fleet.interopServer();
});

after(() => fleet.stop());

/** Calls the node once; resolves to the exit code of `postern call`. */
async function callOnce(node: string): Promise<number | null> {
  return (await fleet.postern(['call', node, unary, '-d', '{"responseSize":10}', '--max-time', '5'])).code;
}

async function natsPid(): Promise<number> {
  return Number(await readFile(path.join(fleet.dir, 'hub/nats/nats.pid'), 'utf8'));
}

test('an agent killed with -9 is lost, and back when it is started again', async () => {
  const agent = await fleet.agent('phoenix', [server.address]);
  assert.equal(await callOnce('phoenix'), 0);
  agent.signal('SIGKILL');
  await agent.exited;
  await eventually('phoenix leaves the connected states', async () => {
    return !(await fleet.stateOf('phoenix')).startsWith('connected');
  });
  await eventually('phoenix is lost', async () => (await fleet.stateOf('phoenix')) === 'lost');
  assert.equal(await callOnce('phoenix'), 64 + 14);

  // No token this time: the key in its data directory is known.
  const again = await fleet.start(
    ['agent', '--node', 'phoenix', '--to', server.address, '--data', path.join(fleet.dir, 'phoenix')],
    { env: { POSTERN_HUB: `http://${await fleet.hubAddress()}` } },
  );
  assert.equal(await callOnce('phoenix'), 0);
  assert.match(await fleet.stateOf('phoenix'), /^connected/);

  const states = await eventually('its story is told to the end', async () => {
    const story = await fleet.postern(['inspect', 'phoenix', '-o', 'jsonl']);
    const told = story.stdout
      .trim()
      .split('\n')
      .map((line): { machine: string; to: string } => JSON.parse(line))
      .filter((transition) => transition.machine === 'node')
      .map((transition) => transition.to);
    return told.includes('lost') && told.at(-1)?.startsWith('connected') && told;
  });
  const suspect = states.indexOf('suspect');
  const lost = states.indexOf('lost');
  assert.ok(suspect >= 0 && lost > suspect, `suspect, then lost: ${states}`);
  assert.ok(states.at(-1)?.startsWith('connected'), `back: ${states}`);
  await again.stop();
});

test('kill -9 of NATS: hub and agents come back by themselves', async () => {
  const agent = await fleet.agent('survivor', [server.address]);
  assert.equal(await callOnce('survivor'), 0);
  const before = await natsPid();
  process.kill(before, 'SIGKILL');
  await eventually('another nats-server runs', async () => (await natsPid()) !== before);
  await eventually('calls go through again', async () => (await callOnce('survivor')) === 0, {
    timeoutMs: 30_000,
  });
  await agent.stop();
});

test('of two instances one is stopped with SIGSTOP: within 15 s no call goes to it', async () => {
  const first = await fleet.agent('pair', [server.address], ['--share'], 'pair-1');
  const second = await fleet.agent('pair', [server.address], ['--share'], 'pair-2');
  const instances = (await fleet.node('pair'))?.instances;
  assert.ok(Array.isArray(instances) && instances.length === 2, JSON.stringify(instances));
  second.signal('SIGSTOP');
  const stoppedAt = performance.now();
  await eventually('one instance is suspect', async () => {
    const now = (await fleet.node('pair'))?.instances;
    return (
      Array.isArray(now) && now.filter((one: { standing: string }) => one.standing === 'ready').length === 1
    );
  });
  assert.ok(performance.now() - stoppedAt < 15_000);
  for (let i = 0; i < 5; i++) assert.equal(await callOnce('pair'), 0);
  second.signal('SIGCONT');
  await eventually('both are there again', async () => {
    const now = (await fleet.node('pair'))?.instances;
    return (
      Array.isArray(now) && now.filter((one: { standing: string }) => one.standing === 'ready').length === 2
    );
  });
  await first.stop();
  await second.stop();
});

test('`postern up` killed with -9 leaves nothing that the next one cannot clear', async () => {
  const agent = await fleet.agent('patient', [server.address]);
  const listen = await fleet.hubAddress();
  hub.signal('SIGKILL');
  await hub.exited;
  hub = await fleet.start(['up', '--listen', listen, '--metrics', '127.0.0.1:0']);
  await eventually('the agent is back at the new hub', async () => (await callOnce('patient')) === 0, {
    timeoutMs: 30_000,
  });
  // What is remembered of a node outlives the hub.
  const phoenix = await fleet.node('phoenix');
  assert.equal(phoenix?.state, 'lost');
  assert.ok(Number(phoenix?.lastSeenAtMs) > 0);
  await agent.stop();
});

test('SIGTERM ends hub and agent with status 0', async () => {
  const agent = await fleet.agent('mortal', [server.address]);
  assert.equal(await agent.stop('SIGTERM'), 0);
  // An instance that is silent is lost after 10 s.
  await eventually('mortal is lost at once', async () => (await fleet.stateOf('mortal')) === 'lost', {
    timeoutMs: 6_000,
  });
  const nats = await natsPid();
  assert.equal(await hub.stop('SIGTERM'), 0);
  assert.throws(() => process.kill(nats, 0), 'nats-server is gone too');
});
