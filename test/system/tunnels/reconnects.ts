import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import type { TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Registry } from 'prom-client';
import { createUserKey } from '../../../src/bus/nkeys.js';
import { TunnelStage } from '../../client/tunnel-stage.js';
import { joinToken } from '../../hub/test-hub.js';
import { startInteropServer } from '../../support/interop/server.js';
import { eventually } from '../../support/processes.js';

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

/** What one lost tunnel may leave for a while on average, bytes: one that is kept is more than 50 kB. */
const bytesEach = 8_000;
/** The heap of a process grows by so much as its code is compiled, bytes. */
const noiseBytes = 1_000_000;

/** Opens the tunnel of one node `times` times and sees that everything is as before. */
export async function reconnectsLeaveNothing(t: TestContext, times: number): Promise<void> {
  const timers = new Set<number>();
  const hook = createHook({
    init: (id, type) => void (type === 'Timeout' && timers.add(id)),
    destroy: (id) => void timers.delete(id),
  }).enable();
  t.after(() => hook.disable());
  const metrics = new Registry();
  const stage = await TunnelStage.make({}, undefined, metrics);
  const server = await startInteropServer();
  t.after(() => server.stop());
  t.after(() => stage.stop());
  const key = createUserKey();
  const client = stage.client('cellar');
  t.after(() => client.close());

  let turns = 0;
  const turn = async (token?: string): Promise<void> => {
    const node = stage.join('cellar', server.port, { key, token });
    await node.ready;
    await stage.inState('cellar', 'connected.idle');
    assert.equal((await client.unaryCall({})).status.code, 0);
    // Every other one is superseded by the next.
    turns += 1;
    if (turns % 2 === 0) await node.stop();
  };
  const held = async () => {
    const gauges = await metrics.getSingleMetric('postern_bus_subscriptions')?.get();
    const subscriptions = gauges?.values.reduce((sum, { value }) => sum + value, 0) ?? assert.fail();
    const sockets = process.getActiveResourcesInfo().filter((kind) => /TCP/.test(kind)).length;
    return { subscriptions, sockets, timers: timers.size };
  };
  const heap = (): number => {
    if (typeof collect === 'function') for (let i = 0; i < 3; i += 1) collect();
    return process.memoryUsage().heapUsed;
  };

  await turn(await joinToken(stage.hub, 'cellar'));
  // So often, that what runs has been compiled: that takes more room than what is looked for.
  for (let i = 0; i < 39; i += 1) await turn();
  await stage.inState('cellar', 'lost');
  const before = await held();
  const heapBefore = heap();
  for (let i = 0; i < times; i += 1) await turn();
  await stage.inState('cellar', 'lost');
  await eventually(
    'timers, sockets and subscriptions are as before',
    async () => {
      const after = await held();
      t.diagnostic(JSON.stringify({ before, after }));
      return (
        after.subscriptions <= before.subscriptions &&
        after.sockets <= before.sockets &&
        after.timers <= before.timers + 2
      );
    },
    { timeoutMs: 15_000, everyMs: 1_000 },
  );
  const grown = heap() - heapBefore;
  t.diagnostic(`the heap has grown by ${Math.round(grown / 1000)} kB`);
  assert.ok(grown < times * bytesEach + noiseBytes, `${grown} bytes for ${times} reconnects`);
}
