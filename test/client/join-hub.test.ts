import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { joinHub } from '../../src/client/index.js';
import { joinToken } from '../hub/test-hub.js';
import { interopCases } from '../support/interop/cases.js';
import { statusOf } from '../support/interop/client.js';
import { createInteropServer } from '../support/interop/server.js';
import { BlackHole, TunnelStage } from './tunnel-stage.js';

describe('a grpc-js server that joins a hub', { timeout: 120_000 }, () => {
  let stage: TunnelStage;
  const stops: (() => unknown)[] = [];

  before(async () => {
    stage = await TunnelStage.make();
  });
  after(async () => {
    for (const stop of stops.reverse()) await stop();
    await stage.stop();
  });

  it('takes every kind of call, without a port', async (t) => {
    const { server } = createInteropServer();
    const token = await joinToken(stage.hub, 'cellar');
    const link = await joinHub(server, { hub: `ws://${stage.hub.address}`, node: 'cellar', token });
    stops.push(() => link.stop());
    await link.ready;
    await stage.inState('cellar', 'connected.idle');
    const target = {
      address: stage.hub.address,
      metadata: { 'x-postern-node': 'cellar', 'x-postern-authorization': stage.hub.adminToken },
    };
    for (const [name, run] of Object.entries(interopCases)) await t.test(name, () => run(target));
  });

  it('comes again with the same token when its connection is cut', async () => {
    const { server } = createInteropServer();
    const hole = new BlackHole(stage.hub.address);
    stops.push(() => hole.stop());
    const hub = `http://${await hole.start()}`;
    const link = await joinHub(server, { hub, node: 'attic', token: await joinToken(stage.hub, 'attic') });
    stops.push(() => link.stop());
    await link.ready;
    await stage.inState('attic', 'connected.idle');
    hole.cut();
    await stage.inState('attic', 'lost');
    await stage.inState('attic', 'connected.idle');
    const client = stage.client('attic');
    assert.equal((await client.unaryCall({})).status.code, 0);
    client.close();
  });

  it('keeps a key where it is given a directory, and needs no token from then on', async () => {
    const data = await mkdtemp(join(tmpdir(), 'postern-join-'));
    stops.push(() => rm(data, { recursive: true, force: true }));
    const { server } = createInteropServer();
    const where = { hub: stage.hub.address, node: 'loft', data };
    const first = await joinHub(server, { ...where, token: await joinToken(stage.hub, 'loft') });
    await first.ready;
    await first.stop();
    const second = await joinHub(server, where);
    stops.push(() => second.stop());
    await second.ready;
    await stage.inState('loft', 'connected.idle');
  });

  it('finishes its open call when it is told to stop, and the server can join again', async () => {
    const { server } = createInteropServer();
    const token = await joinToken(stage.hub, 'shed');
    const link = await joinHub(server, { hub: stage.hub.address, node: 'shed', token });
    await link.ready;
    await stage.inState('shed', 'connected.idle');
    const client = stage.client('shed');
    const call = client.streamingOutputCall({
      responseParameters: [{ size: 1 }, { size: 2, intervalUs: 1_000_000 }],
    });
    const status = statusOf(call);
    let bytes = 0;
    const began = new Promise((resolve) => call.once('data', resolve));
    call.on('data', ({ payload }) => {
      bytes += payload?.body.length ?? 0;
    });
    await began;
    await link.stop();
    assert.equal((await status).code, 0);
    assert.equal(bytes, 3);
    client.close();
    assert.deepEqual(await link.done, { reason: 'stopped', error: undefined });
    const again = await joinHub(server, { hub: stage.hub.address, node: 'shed', token });
    stops.push(() => again.stop());
    await again.ready;
  });

  it('is told at once of a name or an address that is none', async () => {
    const { server } = createInteropServer();
    await assert.rejects(joinHub(server, { hub: stage.hub.address, node: 'No.Name' }), {
      code: 'NODE_INVALID',
    });
    await assert.rejects(joinHub(server, { hub: 'grpc://x', node: 'x' }), { code: 'HUB_URL_INVALID' });
    const link = await joinHub(server, { hub: stage.hub.address, node: 'nobody' });
    await assert.rejects(link.ready, { code: 'UNAUTHENTICATED' });
  });
});
