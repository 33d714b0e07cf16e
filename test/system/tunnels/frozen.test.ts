import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { goBuilt } from '../../../scripts/go-tool.js';
import { withoutGo } from '../../../scripts/go-toolchain.js';
import { TunnelStage } from '../../client/tunnel-stage.js';
import { joinToken } from '../../hub/test-hub.js';
import { type InteropServer, startInteropServer } from '../../support/interop/server.js';
import { until } from '../../support/nats.js';
import { checkoutRoot } from '../../support/processes.js';
import { EchoClient, type EchoMethod, goEcho, interopEcho } from './grpc-echo.js';

const missing = await withoutGo();
/** How often the tunnels are asked whether they live, here; 5 s otherwise. */
const pingMs = 500;
/** A silent tunnel is given up after three rounds, which may begin a round late; the rest is for a busy machine. Otherwise it is 15 s and more. */
const givenUpMs = 4 * pingMs + 7_000;
/** A deadline that comes only where a call would hang. */
const hangsMs = 20_000;

describe('a tunnelled process that is stopped by SIGSTOP, and killed at last', { timeout: 120_000 }, () => {
  let stage: TunnelStage;
  let server: InteropServer;
  const children: ChildProcess[] = [];
  const clients: EchoClient[] = [];

  before(async () => {
    stage = await TunnelStage.make({ tunnelPingSeconds: pingMs / 1000 });
    server = await startInteropServer();
    await stage.join('other', server.port, { token: await joinToken(stage.hub, 'other') }).ready;
    await stage.inState('other', 'connected.idle');
  });
  after(async () => {
    for (const client of clients) client.close();
    for (const child of children) child.kill('SIGKILL');
    await stage.stop();
    await server.stop();
  });

  const started = (command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
    children.push(child);
    process.once('exit', () => child.kill('SIGKILL'));
    return child;
  };
  const clientOf = (node: string, method: EchoMethod): EchoClient => {
    const metadata = { 'x-postern-node': node, 'x-postern-authorization': stage.hub.adminToken };
    const client = new EchoClient(stage.hub.address, metadata, method);
    clients.push(client);
    return client;
  };
  const instanceOf = async (node: string): Promise<string> =>
    (await stage.listed(node)).instances[0]?.id ?? assert.fail(`${node} is not there`);

  /** Stops the process with a call in it, makes another, and lets it go on: see the name of each assertion. */
  const freeze = async (child: ChildProcess, node: string, method: EchoMethod): Promise<void> => {
    await until(`${node} is there`, async () =>
      stage.inState(node, 'connected.idle').then(
        () => true,
        () => false,
      ),
    );
    const [client, other] = [clientOf(node, method), clientOf('other', interopEcho)];
    const before = await instanceOf(node);
    const open = client.open(hangsMs);
    await open.ask();
    child.kill('SIGSTOP');
    const since = performance.now();
    const late = client.open(hangsMs);
    void late.ask();
    await other.roundTrip();
    for (const { code, details } of await Promise.all([open.ended, late.ended])) {
      assert.equal(code, 14, details);
      assert.match(details, /^the tunnel of node '\w+' is over: the other side has been silent for \d+ ms$/);
    }
    const tookMs = performance.now() - since;
    assert.ok(tookMs < givenUpMs, `the calls ended after ${Math.round(tookMs)} ms`);
    await stage.inState(node, 'lost');
    const { code, details } = await client.open().ended;
    assert.equal(code, 14);
    assert.match(details, /is not connected \(last seen/, 'whoever calls now is told at once');
    await other.roundTrip();

    child.kill('SIGCONT');
    await stage.inState(node, 'connected.idle');
    assert.notEqual(await instanceOf(node), before, 'it has come anew');
    await client.roundTrip();
    await kill(child, node, client);
  };
  const kill = async (child: ChildProcess, node: string, client: EchoClient): Promise<void> => {
    const open = client.open(hangsMs);
    await open.ask();
    child.kill('SIGKILL');
    const since = performance.now();
    const { code, details } = await open.ended;
    const tookMs = performance.now() - since;
    assert.equal(code, 14, details);
    assert.match(details, /^the tunnel of node '\w+' is over: /);
    assert.ok(tookMs < 6_000, `the call ended after ${Math.round(tookMs)} ms`);
    await stage.inState(node, 'lost');
    assert.match((await client.open(hangsMs).ended).details, /is not connected/);
  };

  it('has its calls failed in time, leaves, and returns by itself when it goes on (postern serve)', async () => {
    const args = ['serve', 'loft', '--to', server.address, '--data', path.join(stage.nats.dir, 'of-loft')];
    const child = started(path.join(checkoutRoot, 'bin/postern'), args, {
      HUB_ADDR: `ws://${stage.hub.address}/ws`,
      POSTERN_TOKEN: await joinToken(stage.hub, 'loft'),
    });
    await freeze(child, 'loft', interopEcho);
  });

  const go = { skip: missing };
  it('has its calls failed in time, leaves, and returns by itself when it goes on (Go)', go, async () => {
    const program = await goBuilt('examples/tunnel-go', 'tunnel-go');
    const args = [`ws://${stage.hub.address}/ws`, 'gopher'];
    const child = started(program, args, { TOKEN: await joinToken(stage.hub, 'gopher') });
    await freeze(child, 'gopher', goEcho);
  });
});
