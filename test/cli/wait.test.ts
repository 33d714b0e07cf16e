import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Fleet } from '../support/fleet.js';
import { InteropClient, statusOf } from '../support/interop/client.js';
import { eventually, type Finished, type RunningProcess, run } from '../support/processes.js';
import { posternBin } from './postern.js';

let fleet: Fleet;
let hub: RunningProcess;
let server: RunningProcess & { address: string };

before(async () => {
  fleet = await Fleet.make();
  hub = await fleet.up();
  server = await fleet.interopServer();
});
after(() => fleet.stop());

/** `postern wait …`, and how long it took. */
async function wait(...args: string[]): Promise<Finished & { ms: number }> {
  const since = performance.now();
  const ended = await run(posternBin, ['wait', ...args], { env: fleet.env, timeoutMs: 60_000 });
  return { ...ended, ms: performance.now() - since };
}

test('a node that is not known yet is waited for, and calls get through then', async () => {
  const waiting = wait('cellar', '--timeout', '30s');
  const agent = await fleet.agent('cellar', [server.address]);
  const { code, stdout, stderr } = await waiting;
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^cellar is connected\.(idle|serving) with 1 ready instance\n$/);
  assert.equal(stderr, '', 'no terminal is there to be shown progress');

  const gone = wait('cellar', '--for', 'state=lost', '--timeout', '30s', '-o', 'json');
  await agent.stop();
  const lost = await gone;
  assert.equal(lost.code, 0, lost.stderr);
  const told: { met: boolean; nodes: { name: string; state: string }[] } = JSON.parse(lost.stdout);
  assert.deepEqual(
    [told.met, told.nodes.map(({ name, state }) => `${name} ${state}`)],
    [true, ['cellar lost']],
  );
});

test('what did not come true is told, with what was seen last', async () => {
  const [both, once] = await Promise.all([
    wait('cellar', 'attic', '--timeout', '1s', '-o', 'json'),
    wait('attic', '--timeout', '0'),
  ]);
  assert.equal(both.code, 1);
  assert.match(
    both.stderr,
    /state=connected did not come true within 1 s: cellar is lost with 0 ready instances; attic is not known to the hub/,
  );
  assert.equal(JSON.parse(both.stdout).met, false);
  assert.ok(both.ms >= 1_000 && both.ms < 15_000, `${both.ms} ms`);
  assert.equal(once.code, 1);
  assert.match(once.stderr, /attic is not known to the hub/);
  for (const [wrong, what] of [
    ['state=conected', /'conected' is no state of a node/],
    ['instances=none', /'none' is no number of instances/],
    ['gone', /'gone' is neither state=STATE nor instances=N/],
  ] as const) {
    const refused = await wait('attic', '--for', wrong);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, what);
  }
});

test('several instances are waited for, over a restart of the hub, and one of them is kicked', async () => {
  const first = await fleet.agent('pair', [server.address], ['--share'], 'pair-1');
  const address = await fleet.hubAddress();
  const waiting = wait('pair', '--for', 'instances=2', '--for', 'state=connected', '--timeout', '60s');
  await hub.stop();
  hub = await fleet.start(['up', '--listen', address, '--metrics', 'off']);
  const second = await fleet.agent('pair', [server.address], ['--share'], 'pair-2');
  const back = await waiting;
  assert.equal(back.code, 0, back.stderr);
  assert.match(back.stdout, /2 ready instances/);

  const metadata = {
    'x-postern-node': 'pair',
    'x-postern-authorization': await fleet.callerToken('someone'),
  };
  const client = new InteropClient({ address, metadata });
  const stream = client.streamingOutputCall({
    responseParameters: [{ size: 1 }, { size: 1, intervalUs: 60_000_000 }],
  });
  const ended = statusOf(stream);
  const serving = await eventually('one of them serves', async () => busy(await fleet.node('pair')));
  const kicked = await fleet.postern(['nodes', 'kick', 'pair', serving, '--for', '3s']);
  const since = performance.now();
  assert.equal(kicked.code, 0, kicked.stderr);
  assert.match(kicked.stderr, new RegExp(`sessions ended: ${serving}; it may come again in 3 s`));
  assert.equal((await ended).code, 14);
  client.close();
  assert.equal((await wait('pair', '--for', 'instances=2')).code, 0, 'it comes again by itself');
  assert.ok(performance.now() - since > 2_500, 'it was not barred');
  const none = await fleet.postern(['nodes', 'kick', 'pair', serving]);
  assert.equal(none.code, 69, `under another id: ${none.stderr}`);
  await Promise.all([first.stop(), second.stop()]);
});

test('a hub that never answers is waited for, and then named', async () => {
  const { code, stderr, ms } = await wait('cellar', '--hub', '127.0.0.1:1', '--timeout', '2s');
  assert.equal(code, 1);
  assert.match(stderr, /did not come true within 2 s: no hub answers at 127\.0\.0\.1:1/);
  assert.ok(ms >= 2_000, `${ms} ms`);
});

/** The instance that has a call open. */
function busy(node: Record<string, unknown> | undefined): string | undefined {
  const instances: unknown = node?.instances;
  if (!Array.isArray(instances)) return undefined;
  const found = instances.find((one: { calls?: unknown }) => one.calls === 1);
  return found === undefined ? undefined : String(found.id);
}
