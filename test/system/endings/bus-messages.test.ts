import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Fleet } from '../../support/fleet.js';
import { freePort } from '../../support/free-port.js';
import { natsServer } from '../../support/nats.js';
import { compiledRoot, eventually, type RunningProcess, startReady } from '../../support/processes.js';
import { type RawServer, startRawServer } from '../../wire/harness.js';
import { ok } from './stage.js';

/** Calls of one measurement. */
const calls = 4_000;
/** Messages for each call that a direction may take, on average. */
const mostPerCall = 1.1;

let fleet: Fleet;
let address: string;
let nats: ChildProcess;
let monitor: string;
let server: RawServer;
let metadata: string;

before(async () => {
  fleet = await Fleet.make();
  const [natsPort, monitorPort] = [await freePort(), await freePort()];
  const made = await fleet.postern(['init', '--nats-listen', `127.0.0.1:${natsPort}`]);
  assert.equal(made.code, 0, made.stderr);
  const binary = await natsServer();
  nats = spawn(binary.path, ['-c', made.stdout.trim(), '-m', String(monitorPort)], { stdio: 'ignore' });
  monitor = `http://127.0.0.1:${monitorPort}`;
  const hub = ['--nats', `nats://127.0.0.1:${natsPort}`, '--listen', '127.0.0.1:0'];
  await fleet.start(['hub', ...hub, '--metrics', '127.0.0.1:0']);
  server = await startRawServer((stream) => {
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.respond(ok, { waitForTrailers: true });
    stream.pipe(stream);
  });
  assert.ok('port' in server.address);
  address = await fleet.hubAddress();
  await fleet.agent('counted', [`127.0.0.1:${server.address.port}`]);
  const token = await fleet.callerToken('counted');
  metadata = JSON.stringify({ 'x-postern-node': 'counted', authorization: `Bearer ${token}` });
});
after(async () => {
  await fleet.stop();
  await server.close();
  const gone = once(nats, 'exit');
  nats.kill('SIGKILL');
  await gone;
});

/** What nats-server counts of a connection. */
interface Counted {
  readonly name: string;
  /** Messages that the process has published, and that it was sent. */
  readonly published: number;
  readonly delivered: number;
}

/** nats-server's own counters. */
async function counters(): Promise<Counted[]> {
  const answer: unknown = await (await fetch(`${monitor}/connz`)).json();
  if (typeof answer !== 'object' || answer === null || !('connections' in answer)) return [];
  const { connections } = answer;
  assert.ok(Array.isArray(connections));
  return connections.map((connection: Record<string, unknown>) => ({
    name: String(connection.name),
    published: Number(connection.in_msgs),
    delivered: Number(connection.out_msgs),
  }));
}

/** Messages for each call that hub and agent have published while the load ran. */
async function measured(load: RunningProcess): Promise<{ there: number; back: number }> {
  const before = await counters();
  load.signal('SIGUSR2');
  const line = await eventually('the load is over', () => load.lines()[0], { timeoutMs: 100_000 });
  const result: unknown = JSON.parse(line);
  assert.ok(typeof result === 'object' && result !== null && 'failed' in result);
  assert.equal(result.failed, 0);
  const now = await counters();
  const published = (name: RegExp): number => {
    const of = (list: Counted[]): number =>
      list.filter((one) => name.test(one.name)).reduce((sum, one) => sum + one.published, 0);
    return of(now) - of(before);
  };
  return { there: published(/hub/) / calls, back: published(/agent|counted/) / calls };
}

function startLoad(connections: number, inFlight: number): Promise<RunningProcess> {
  const script = path.join(compiledRoot, 'test/system/endings/load-process.js');
  const load = [connections, inFlight, calls].map(String);
  return startReady(process.execPath, [script, address, metadata, '/t.S/Echo', ...load]);
}

test('a small unary call is at most 1.1 messages each way at 64 in flight, as nats-server counts', async (t) => {
  const { there, back } = await measured(await startLoad(4, 16));
  t.diagnostic(`${there.toFixed(3)} messages there and ${back.toFixed(3)} back for each call`);
  // The load really was on this server, and went through these two processes.
  assert.ok(there > 0.01 && back > 0.01, `${there} there, ${back} back`);
  assert.ok(there <= mostPerCall, `${there} there`);
  assert.ok(back <= mostPerCall, `${back} back`);
});

test('with one call at a time, it is one message there, and no more back than the server writes pieces', async (t) => {
  const { there, back } = await measured(await startLoad(1, 1));
  t.diagnostic(`${there.toFixed(3)} messages there and ${back.toFixed(3)} back for each call`);
  assert.ok(there >= 1 && there <= mostPerCall, `${there} there`);
  // Node writes the trailers apart from what is before them.
  assert.ok(back >= 1 && back <= 2 + (mostPerCall - 1), `${back} back`);
});
