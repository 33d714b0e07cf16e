import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { Fleet } from '../support/fleet.js';
import { InteropClient } from '../support/interop/client.js';
import { eventually } from '../support/processes.js';
import { Lines } from './postern.js';

const count = z.object({
  node: z.string(),
  method: z.string(),
  calls: z.number(),
  perSecond: z.number(),
  failed: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  ended: z.record(z.string(), z.number()),
  at: z.string().optional(),
});

const service = 'grpc.testing.TestService';

describe('postern calls', () => {
  let fleet: Fleet;
  let client: InteropClient;

  before(async () => {
    fleet = await Fleet.make();
    await fleet.up();
    const server = await fleet.interopServer();
    await fleet.agent('cellar', [server.address]);
    const authorization = `Bearer ${await fleet.callerToken('tester')}`;
    client = new InteropClient({
      address: await fleet.hubAddress(),
      metadata: { name: 'cellar', authorization },
    });
  });
  after(async () => {
    client.close();
    await fleet.stop();
  });

  test('says so where no call has ended', async () => {
    const { code, stdout, stderr } = await fleet.postern(['calls']);
    assert.deepEqual([code, stdout], [0, '']);
    assert.match(stderr, /no call has ended within the last minute/);
  });

  test('goes on with each second, and counts the last minute', async () => {
    for (let i = 0; i < 3; i++) assert.equal((await client.emptyCall()).error, null);
    const failed = await client.unaryCall({ responseStatus: { code: 5, message: 'no' } });
    assert.equal(failed.error?.code, 5);
    const seconds = new Lines(['calls', '-w', '-o', 'jsonl'], fleet.env);
    const told = () => seconds.lines.map((line) => count.parse(JSON.parse(line)));
    const sum = (method: string) =>
      told()
        .filter((one) => one.method === `${service}/${method}`)
        .reduce((calls, one) => calls + one.calls, 0);
    await eventually('what is kept is told', () => sum('EmptyCall') === 3 && sum('UnaryCall') === 1);
    const table = new Lines(['calls', '-w'], fleet.env);
    await client.emptyCall();
    await eventually('the call is told', () => sum('EmptyCall') === 4);
    for (const { at } of told()) assert.match(at ?? '', /:\d\d\.000Z$/);

    const { stdout } = await fleet.postern(['calls', 'cellar', '-o', 'json']);
    const all = z.array(count).parse(JSON.parse(stdout));
    const empty = all.find(({ method }) => method === `${service}/EmptyCall`) ?? assert.fail(stdout);
    assert.deepEqual([empty.node, empty.failed, empty.ended], ['cellar', 0, { OK: 4 }]);
    assert.equal(empty.perSecond, 0.07);
    assert.ok(empty.p50Ms > 0 && empty.p50Ms <= empty.p99Ms);
    const unary = all.find(({ method }) => method === `${service}/UnaryCall`);
    assert.deepEqual([unary?.failed, unary?.ended], [1, { NOT_FOUND: 1 }]);
    assert.equal((await fleet.postern(['calls', 'attic', '-o', 'json'])).stdout.trim(), '[]');
    await eventually('the table has it, too', () =>
      table.lines.some((line) => /^cellar .*EmptyCall +0\.07 +- .*OK 4$/.test(line)),
    );
    assert.match(table.lines[0] ?? '', /^NODE +METHOD +CALLS\/S +FAILED +P50 +P95 +P99 +STATUS$/);
    assert.deepEqual([await seconds.stop('SIGINT'), await table.stop('SIGINT')], [130, 130]);
  });
});
