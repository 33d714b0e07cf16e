import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import path from 'node:path';
import { test } from 'node:test';
import { Fleet } from '../support/fleet.js';
import { eventually } from '../support/processes.js';
import { rawCall, startRawServer } from '../support/raw-grpc.js';

test('a bus that dies with messages in it: calls with a gap end, the others go on', async (t) => {
  const fleet = await Fleet.make();
  const server = await startRawServer();
  t.after(async () => {
    server.stop();
    await fleet.stop();
  });
  await fleet.up();
  await fleet.agent('well', [server.address]);
  const metadata = { 'x-postern-node': 'well', authorization: `Bearer ${await fleet.callerToken('reader')}` };
  const session = connect(`http://${await fleet.hubAddress()}`);
  t.after(() => session.destroy());
  const flows = Array.from({ length: 4 }, () => rawCall(session, 'Flow', metadata));
  const quiet = Array.from({ length: 8 }, () => rawCall(session, 'Echo', metadata));
  for (const call of quiet) call.stream.write('one');
  await eventually('all calls are answered', () => [...flows, ...quiet].every((call) => call.bytes > 0));

  const pid = await natsPid(fleet);
  process.kill(pid, 'SIGSTOP');
  const lastBytes = flows.map(() => -1);
  await eventually('what flows is stuck in the bus', () =>
    flows.every((call, i) => {
      const same = call.bytes === lastBytes[i];
      lastBytes[i] = call.bytes;
      return same;
    }),
  );
  process.kill(pid, 'SIGKILL');
  await eventually(
    'each flow has ended with UNAVAILABLE or goes on',
    () => flows.every((call, i) => call.status === '14' || call.bytes > (lastBytes[i] ?? 0) + 1_000_000),
    { timeoutMs: 10_000 },
  );
  for (const call of quiet) {
    assert.equal(call.status, undefined, call.message);
    call.stream.end('two');
  }
  await Promise.all(quiet.map((call) => call.over));
  assert.deepEqual(
    quiet.map((call) => [call.status, call.bytes]),
    quiet.map(() => ['0', 6]),
  );
  for (const call of flows) call.stream.close();
  await eventually('no call is left at the server', () => server.open.size === 0);
});

test('a hub that is killed while the bus lives on: its calls end at the server', async (t) => {
  const fleet = await Fleet.make();
  const server = await startRawServer();
  const hub = await fleet.up();
  const bus = await natsPid(fleet);
  t.after(async () => {
    server.stop();
    await fleet.stop();
    process.kill(bus, 'SIGKILL');
  });
  await fleet.agent('orphan', [server.address]);
  const metadata = {
    'x-postern-node': 'orphan',
    authorization: `Bearer ${await fleet.callerToken('reader')}`,
  };
  const session = connect(`http://${await fleet.hubAddress()}`);
  t.after(() => session.destroy());
  session.on('error', () => {});
  for (const method of ['Echo', 'Silent', 'Flow']) rawCall(session, method, metadata);
  await eventually('the server has all calls', () => server.open.size === 3);
  hub.signal('SIGKILL');
  await hub.exited;
  process.kill(bus, 0);
  await eventually('the server is rid of them', () => server.open.size === 0, { timeoutMs: 60_000 });
  process.kill(bus, 0);
});

async function natsPid(fleet: Fleet): Promise<number> {
  return Number(await readFile(path.join(fleet.dir, 'hub/nats/nats.pid'), 'utf8'));
}
