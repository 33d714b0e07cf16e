import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import { after, before, test } from 'node:test';
import { rawCall } from '../../support/raw-grpc.js';
import { roundTrip } from './calls.js';
import { burst, cancelsBeside } from './reset-scenarios.js';
import { openStage, type StressStage } from './stage.js';

let stage: StressStage;
before(async () => {
  stage = await openStage();
});
after(() => stage?.stop());

/** So many resets in a burst are known to be too many for Node 20. */
const burstSize = 5_000;

test('1,500 cancels do not disturb other calls of their node', async () => {
  await cancelsBeside(stage, 1_500);
});

test('too many cancels at once on one connection end it, where Node does so, and no other', async (t) => {
  const body = Buffer.alloc(105);
  const session = await stage.client();
  const beside = rawCall(session, 'Echo', { ...stage.metadata });
  beside.stream.write(body);
  await new Promise((resolve) => beside.stream.once('data', resolve));

  const { goaway, cancelled } = await burst(stage, burstSize);
  t.diagnostic(`${cancelled} calls were cancelled on one connection, GOAWAY ${goaway}`);
  // Node 20 guards its servers against resets in bursts (1,000, then 33 a second), and no setting turns that off
  if (process.versions.node.startsWith('20.')) {
    assert.notEqual(goaway, undefined, 'the hub on Node 20 ends the connection');
    assert.ok(cancelled < burstSize);
  }
  assert.ok(goaway === undefined || goaway !== constants.NGHTTP2_NO_ERROR);
  assert.ok(cancelled >= 1_000, `only ${cancelled} calls were cancelled before`);

  await roundTrip(session, stage.metadata, body);
  beside.stream.end(body);
  await beside.over;
  assert.deepEqual([beside.status, beside.bytes], ['0', 2 * body.length]);
});
