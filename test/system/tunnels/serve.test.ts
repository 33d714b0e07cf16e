import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeSelfSigned } from '../../../scripts/certs/issue.js';
import { TunnelStage } from '../../client/tunnel-stage.js';
import { joinToken } from '../../hub/test-hub.js';
import { Fleet } from '../../support/fleet.js';
import { InteropClient, statusOf } from '../../support/interop/client.js';
import { type InteropServer, startInteropServer } from '../../support/interop/server.js';
import { checkoutRoot, eventually, type RunningProcess, run, startReady } from '../../support/processes.js';

const postern = path.join(checkoutRoot, 'bin/postern');

describe('postern serve', { timeout: 180_000 }, () => {
  let stage: TunnelStage;
  let server: InteropServer;
  let dir: string;
  const started: RunningProcess[] = [];

  before(async () => {
    stage = await TunnelStage.make({ tunnelPingSeconds: 0.5 });
    dir = await mkdtemp(path.join(tmpdir(), 'postern-serve-'));
    server = await startInteropServer({ address: `unix:${path.join(dir, 'server.sock')}` });
  });
  after(async () => {
    for (const one of started) await one.stop();
    await server.stop();
    await stage.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const serve = async (node: string, home = node, words = ['serve']): Promise<RunningProcess> => {
    const one = await startReady(
      postern,
      [...words, node, '--to', server.address, '--data', path.join(dir, home), '--output', 'json'],
      { env: { HUB_ADDR: `ws://${stage.hub.address}/ws`, POSTERN_TOKEN: await joinToken(stage.hub, node) } },
    );
    started.push(one);
    await stage.inState(node, 'connected.idle');
    return one;
  };

  it('says that it is ready, and drains at SIGTERM', async () => {
    const one = await serve('cellar');
    const { instances } = await stage.listed('cellar');
    assert.deepEqual(one.ready, {
      ready: true,
      node: 'cellar',
      instance: instances[0]?.id,
      hub: instances[0]?.hub,
      pid: one.pid,
    });
    const client = stage.client('cellar');
    const call = client.streamingOutputCall({
      responseParameters: [{ size: 1 }, { size: 2, intervalUs: 6_000_000 }],
    });
    const status = statusOf(call);
    await new Promise((resolve) => call.once('data', resolve));
    call.resume();
    one.signal('SIGTERM');
    await stage.inState('cellar', 'connected.draining');
    assert.equal((await status).code, 0);
    assert.equal(await one.exited, 0);
    client.close();
  });

  it('ends at once at the second signal', async () => {
    const one = await serve('attic');
    const client = stage.client('attic');
    const status = statusOf(
      client.streamingOutputCall({ responseParameters: [{ size: 1, intervalUs: 60_000_000 }] }),
    );
    await stage.inState('attic', 'connected.serving');
    one.signal('SIGTERM');
    await stage.inState('attic', 'connected.draining');
    one.signal('SIGTERM');
    assert.equal(await one.exited, 143);
    assert.equal((await status).code, 14);
    client.close();
  });

  it('started twice from one data directory: the older ends, and the newer stays', async () => {
    const older = await serve('shed');
    const newer = await serve('shed', 'shed', ['server', 'serve']);
    assert.equal(await older.exited, 1);
    assert.match(
      older.stderr(),
      /postern: node 'shed': a newer process with the same key serves node 'shed'/,
    );
    assert.equal((await stage.listed('shed')).instances[0]?.id, newer.ready.instance);
  });

  it('is told plainly what is wrong', async () => {
    const said = async (...args: string[]) => {
      const { code, stderr } = await run(postern, ['serve', ...args, '--data', path.join(dir, 'x')]);
      return `${code}: ${stderr}`;
    };
    assert.match(await said('No.Name'), /^2: postern: 'No\.Name': a node name is one lower-case DNS label/);
    assert.match(
      await said('x', '--hub-uri', 'nats://h', '--to', 'nowhere'),
      /^2: [\s\S]*--to: 'nowhere' is not an address[\s\S]*--hub-uri: 'nats:\/\/h' is not/,
    );
    assert.match(await said('x', '--to', 'a:1', '--to', 'b:1'), /^2: [\s\S]*a tunnel leads to one server/);
    assert.match(
      await said('x', '--hub-uri', `ws://${stage.hub.address}/ws`),
      /^1: [\s\S]*postern token create --join x/,
    );
  });
});

describe('postern serve beside a hub that speaks TLS', () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.make();
  });
  after(() => fleet.stop());

  it('makes its own join token, and is listed as what it is', async () => {
    const { cert, key } = await makeSelfSigned(['localhost', '127.0.0.1'], 2);
    const files = { cert: path.join(fleet.dir, 'cert.pem'), key: path.join(fleet.dir, 'key.pem') };
    await writeFile(files.cert, cert);
    await writeFile(files.key, key);
    await fleet.up(['--tls', '--tls-cert-file', files.cert, '--tls-key-file', files.key]);
    const address = await fleet.hubAddress();
    const server = await fleet.interopServer();
    const hub = `wss://localhost:${address.slice(address.lastIndexOf(':') + 1)}/ws`;
    const trusts = {
      skeptic: [],
      trusting: ['--hub-ca', files.cert],
      careless: ['--tls-insecure-skip-verify'],
    };
    for (const [node, trust] of Object.entries(trusts)) {
      const args = ['serve', node, '--to', server.address, '--hub-uri', hub, ...trust];
      if (trust.length === 0) {
        const failed = fleet.start(args, { failsWith: /self-signed certificate/ });
        await assert.rejects(failed, /it cannot become ready/);
        continue;
      }
      await fleet.start(args);
      await eventually(`${node} is there`, async () => (await fleet.stateOf(node)) === 'connected.idle');
      const client = new InteropClient({
        address,
        metadata: { name: node, authorization: `Bearer ${await fleet.callerToken(node)}` },
      });
      assert.equal((await client.unaryCall({})).status.code, 0);
      client.close();
    }
    const { stdout } = await fleet.postern(['nodes', 'careless']);
    const [head = '', row = ''] = stdout.split('\n');
    assert.match(head, /^NAME +STATE +INSTANCES +VIA +SINCE +CALLS +RTT/);
    assert.match(
      row,
      /^careless +connected\.\w+ +1 +tunnel to [0-9a-f]{8} +\d+ (s|min) ago +0 +\d+(\.\d)? ms/,
    );
  });
});
