import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { test } from 'node:test';
import { callees } from '../../support/callee-table/callees.js';
import { oddCall } from '../../support/callee-table/odd-call.js';
import { startOddServer } from '../../support/callee-table/odd-server.js';
import { Fleet } from '../../support/fleet.js';
import { until } from '../../support/nats.js';

const [ours, go] = await callees();

test('ours and one in Go share a node, and either may leave', { skip: go?.missing ?? false }, async (t) => {
  assert.ok(ours !== undefined && go !== undefined);
  const fleet = await Fleet.make();
  const servers = [await startOddServer(), await startOddServer()] as const;
  t.after(async () => {
    for (const server of servers) server.stop();
    await fleet.stop();
  });
  await fleet.up();
  const share = true;
  const first = await ours.start(t, fleet, 'pair', servers[0].address, { share, home: 'pair-1' });
  await go.start(t, fleet, 'pair', servers[1].address, { share, home: 'pair-2' });
  const session = connect(`http://${await fleet.hubAddress()}`);
  t.after(() => session.destroy());
  const metadata = { 'x-postern-node': 'pair', authorization: `Bearer ${await fleet.callerToken('load')}` };
  let going = true;
  let ended = 0;
  const failures: string[] = [];
  const callers = Array.from({ length: 16 }, async () => {
    while (going) {
      const call = oddCall(session, 'Echo', metadata, Buffer.alloc(100, 1));
      await call.over;
      ended++;
      if (call.status() !== '0' || call.bytes !== 100) failures.push(`${call.status()} ${call.message()}`);
    }
  });
  await until('both serve calls', () => servers.every((server) => server.ended.size > 100), 30_000);
  assert.equal(await first.stop(), 0);
  const then = ended;
  await until('calls go on', () => ended > then + 100, 30_000);
  going = false;
  await Promise.all(callers);
  assert.deepEqual(failures, []);
});
