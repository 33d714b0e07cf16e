import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { test } from 'node:test';
import { Fleet } from '../support/fleet.js';
import { eventually } from '../support/processes.js';
import { rawCall, startRawServer } from '../support/raw-grpc.js';

const body = Buffer.concat([Buffer.from([0, 0, 0, 0, 100]), Buffer.alloc(100, 1)]);

test('of two instances under load one leaves, and no call fails', async (t) => {
  const fleet = await Fleet.make();
  const server = await startRawServer();
  t.after(async () => {
    server.stop();
    await fleet.stop();
  });
  await fleet.up();
  const leaving = await fleet.agent('pair', [server.address], ['--share'], 'pair-1');
  await fleet.agent('pair', [server.address], ['--share'], 'pair-2');
  const metadata = { 'x-postern-node': 'pair', authorization: `Bearer ${await fleet.callerToken('load')}` };
  const session = connect(`http://${await fleet.hubAddress()}`);
  t.after(() => session.destroy());

  let going = true;
  let ended = 0;
  const failures: string[] = [];
  const callers = Array.from({ length: 16 }, async () => {
    while (going) {
      const call = rawCall(session, 'Echo', metadata, body);
      await call.over;
      ended++;
      if (call.status !== '0' || call.bytes !== body.length) failures.push(`${call.status} ${call.message}`);
    }
  });
  await eventually('calls go through', () => ended > 200);
  assert.equal(await leaving.stop(), 0);
  const then = ended;
  await eventually('calls go on', () => ended > then + 200);
  going = false;
  await Promise.all(callers);
  assert.deepEqual(failures, []);
});
