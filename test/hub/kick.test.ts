import assert from 'node:assert/strict';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { KickNodeResponse, ListNodesResponse, Node } from '../../src/gen/postern/v1/nodes.js';
import { CreateCallerTokenRequest, type CreateCallerTokenResponse } from '../../src/gen/postern/v1/tokens.js';
import { Http2Upstream } from '../../src/wire/http2-upstream.js';
import { TunnelStage } from '../client/tunnel-stage.js';
import { InteropClient, statusOf } from '../support/interop/client.js';
import { type InteropServer, startInteropServer } from '../support/interop/server.js';
import { until } from '../support/nats.js';
import { bindKey, StandIn } from './stand-in.js';
import { ask, bearer, joinToken, ownClients, startTestHub, type TestHub } from './test-hub.js';

describe('a node that is kicked', { timeout: 60_000 }, () => {
  let stage: TunnelStage;
  let other: TestHub;
  let server: InteropServer;
  let upstream: Http2Upstream;
  let clients: ReturnType<typeof ownClients>;

  before(async () => {
    stage = await TunnelStage.make();
    const { dir } = stage.nats;
    await mkdir(join(dir, 'other', 'keys'), { recursive: true });
    await copyFile(join(dir, 'keys', 'caller.jwk'), join(dir, 'other', 'keys', 'caller.jwk'));
    other = await startTestHub(stage.nats, { data: join(dir, 'other') });
    server = await startInteropServer();
    upstream = new Http2Upstream({ address: { host: '127.0.0.1', port: server.port } });
    clients = ownClients(other.address);
  });
  after(async () => {
    clients.close();
    upstream.close();
    await other.stop();
    await stage.stop();
    await server.stop();
  });

  /** Asks the hub that does not own the node. */
  const kick = (name: string, instance = '', barMs = 0, token = other.adminToken) =>
    ask<KickNodeResponse>((done) => clients.nodes.kickNode({ name, instance, barMs }, bearer(token), done));
  const listed = async (name: string): Promise<Node | undefined> => {
    const { nodes } = await ask<ListNodesResponse>((done) =>
      clients.nodes.listNodes({ name }, bearer(other.adminToken), done),
    );
    return nodes[0];
  };
  const seenBy = async (name: string, state: string) =>
    until(`${name} is ${state}`, async () => (await listed(name))?.state.startsWith(state) ?? false);
  /** A call that stays open, made as soon as the hub lets calls through. */
  const openCall = async (address: string, node: string) => {
    const metadata = { 'x-postern-node': node, 'x-postern-authorization': other.adminToken };
    const client = new InteropClient({ address, metadata });
    const begin = () => {
      const call = client.streamingOutputCall({
        responseParameters: [{ size: 1 }, { size: 1, intervalUs: 60_000_000 }],
      });
      const ended = statusOf(call);
      const came = new Promise<boolean>((resolve) => call.once('data', () => resolve(true)));
      return { ended, open: Promise.race([came, ended.then(() => false)]) };
    };
    let call = begin();
    await until('the call is open', async () => {
      const open = await call.open;
      if (!open) call = begin();
      return open;
    });
    return { ended: call.ended, close: () => client.close() };
  };

  it('loses its agents and calls at all hubs, through a hub that does not own it, and gets another place', async () => {
    const agent = await StandIn.start(stage.nats, await bindKey(stage.hub, 'cellar'), upstream);
    const before = await agent.join();
    await seenBy('cellar', 'connected');
    const calls = await Promise.all([stage.hub, other].map(({ address }) => openCall(address, 'cellar')));
    assert.deepEqual((await kick('cellar')).instances, [before]);
    for (const { ended, close } of calls) {
      const { code, details } = await ended;
      assert.deepEqual([code, details], [status.UNAVAILABLE, 'the instance that served the call is gone']);
      close();
    }
    await seenBy('cellar', 'lost');
    await until('it was told', () => agent.notices.length > 0);
    assert.deepEqual(
      agent.notices.map(({ instance, kind, kicked }) => [instance, kind, kicked]),
      [[before, 'hello', true]],
    );
    const again = await agent.join({ instance: before });
    assert.notEqual(again, before);
    await seenBy('cellar', 'connected');
    assert.deepEqual((await kick('cellar', again)).instances, [again]);
    assert.deepEqual((await kick('cellar')).instances, [], 'nobody is there');
    agent.vanish();
  });

  it('is let in again when its time is over, or another bar took its place', async () => {
    const agent = await StandIn.start(stage.nats, await bindKey(stage.hub, 'barred'), upstream);
    const instance = await agent.join();
    await kick('barred', instance, 600_000);
    const refused = await agent.hello({ instance });
    assert.ok(!refused.ok && refused.code === 'retry', JSON.stringify(refused));
    assert.match(refused.message, /node 'barred' was kicked: it may come again in \d+ s/);
    const substitute = await StandIn.start(stage.nats, await bindKey(stage.hub, 'barred'), upstream);
    const taken = await substitute.join();
    await kick('barred', '', 600_000);
    assert.ok(!(await substitute.hello({ instance: taken })).ok, 'nobody at all');
    await kick('barred', '', 500);
    for (const one of [agent, substitute]) {
      await until('it is let in', async () => (await one.hello({ share: true })).ok);
      one.vanish();
    }
  });

  it('loses its tunnel at once, and opens it again', async () => {
    const node = stage.join('tube', server.port, { token: await joinToken(stage.hub, 'tube') });
    const first = await node.ready;
    await seenBy('tube', 'connected');
    const call = await openCall(other.address, 'tube');
    const since = performance.now();
    assert.deepEqual((await kick('tube', first.instance)).instances, [first.instance]);
    assert.equal((await call.ended).code, status.UNAVAILABLE);
    call.close();
    await until('it is back with another place', async () => {
      const instances = (await listed('tube'))?.instances ?? [];
      return instances.some(({ id, standing }) => id !== first.instance && standing === 'ready');
    });
    assert.ok(performance.now() - since < 10_000, `${performance.now() - since} ms`);
  });

  it('is kicked by operators, barred by admins alone, and has to be there', async () => {
    await bindKey(stage.hub, 'guarded');
    const code = (wanted: status) => (thrown: { code?: status }) => thrown.code === wanted;
    const made = await ask<CreateCallerTokenResponse>((done) => {
      const request = CreateCallerTokenRequest.fromPartial({ subject: 'operator', roles: ['operate'] });
      clients.tokens.createCallerToken(request, bearer(other.adminToken), done);
    });
    assert.deepEqual((await kick('guarded', '', 0, made.token)).instances, []);
    await assert.rejects(kick('guarded', '', 1, made.token), code(status.PERMISSION_DENIED));
    await assert.rejects(kick('guarded', '1-0123456789abcdef'), code(status.NOT_FOUND));
    await assert.rejects(kick('nobody'), code(status.NOT_FOUND));
    await assert.rejects(kick('guarded', '', 366 * 86_400_000), code(status.INVALID_ARGUMENT));
  });
});
