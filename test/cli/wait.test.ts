import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Fleet } from '../support/fleet.js';
import { InteropClient, statusOf } from '../support/interop/client.js';
import { eventually, type Finished, type RunningProcess, run } from '../support/processes.js';
import { posternBin } from './postern.js';

let fleet: Fleet;
let hub: RunningProcess;
let server: RunningProcess & { address: string };
const agents: RunningProcess[] = [];

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

test('what did not come true is told, with what was seen last', async () => {
  const [both, once, nowhere, ...refused] = await Promise.all([
    wait('cellar', 'attic', '--for', 'instances=1', '--timeout', '6s', '-o', 'json'),
    wait('attic', '--timeout', '0'),
    wait('cellar', '--hub', '127.0.0.1:1', '--timeout', '2s'),
    ...['state=conected', 'instances=none', 'gone'].map((wrong) => wait('attic', '--for', wrong)),
    wait('no node', '--timeout', '60s'),
  ]);
  assert.equal(both.code, 1);
  assert.match(
    both.stderr,
    /instances=1 did not come true within 6 s: cellar is not known to the hub.*; attic is not known/,
  );
  assert.equal(JSON.parse(both.stdout).met, false);
  assert.ok(both.ms >= 6_000, `${both.ms} ms`);
  assert.equal(once.code, 1);
  assert.match(once.stderr, /state=connected did not come true within 0 s: attic is not known to the hub/);
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.stderr, /did not come true within 2 s: no hub answers at 127\.0\.0\.1:1/);
  for (const [i, what] of [
    /'conected' is no state of a node/,
    /'none' is no number of instances/,
    /'gone' is neither state=STATE nor instances=N/,
    /'no node' is no node: a node name is/,
  ].entries()) {
    assert.equal(refused[i]?.code, 2);
    assert.match(refused[i]?.stderr ?? '', what);
  }
});

test('a node that is not known yet is waited for, over a restart of the hub, until it can be called', async () => {
  const address = await fleet.hubAddress();
  const waiting = wait('pair', '--for', 'instances=2', '--for', 'state=connected', '--timeout', '60s');
  const looking = wait('pair', '--timeout', '60s');
  await hub.stop();
  hub = await fleet.start(['up', '--listen', address, '--metrics', 'off']);
  agents.push(await fleet.agent('pair', [server.address], ['--share'], 'pair-1'));
  const first = await looking;
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /^pair is connected\.(idle|serving) with [12] ready instances?\n$/);
  agents.push(await fleet.agent('pair', [server.address], ['--share'], 'pair-2'));
  const both = await waiting;
  assert.equal(both.code, 0, both.stderr);
  assert.match(both.stdout, /2 ready instances/);
});

test('an instance that is kicked loses its calls, and comes again by itself when it may', async () => {
  const address = await fleet.hubAddress();
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
  const since = performance.now();
  const kicked = await fleet.postern(['nodes', 'kick', 'pair', serving, '--duration', '3s']);
  assert.equal(kicked.code, 0, kicked.stderr);
  assert.match(kicked.stderr, new RegExp(`sessions ended: ${serving}; it may come again in 3 s`));
  assert.equal((await ended).code, 14);
  client.close();
  assert.equal((await wait('pair', '--for', 'instances=2')).code, 0);
  assert.ok(performance.now() - since > 3_000, 'it was not barred');
  const [none, gone] = await Promise.all([
    fleet.postern(['nodes', 'kick', 'pair', serving]),
    wait('pair', '--for', 'state=lost', '-o', 'json'),
    ...agents.map((agent) => agent.stop()),
  ]);
  assert.equal(none.code, 69, `it is back under another id: ${none.stderr}`);
  assert.equal(gone.code, 0, gone.stderr);
  const told: { met: boolean; nodes: { name: string; state: string }[] } = JSON.parse(gone.stdout);
  assert.deepEqual(
    [told.met, told.nodes.map(({ name, state }) => `${name} ${state}`)],
    [true, ['pair lost']],
  );
});

/** The instance that has a call open. */
function busy(node: Record<string, unknown> | undefined): string | undefined {
  const instances: unknown = node?.instances;
  if (!Array.isArray(instances)) return undefined;
  const found = instances.find((one: { calls?: unknown }) => one.calls === 1);
  return found === undefined ? undefined : String(found.id);
}
