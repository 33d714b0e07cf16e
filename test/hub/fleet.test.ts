import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { ListNodesResponse, Node } from '../../src/gen/postern/v1/nodes.js';
import { Http2Upstream } from '../../src/wire/http2-upstream.js';
import { interopCases } from '../support/interop/cases.js';
import { InteropClient, statusOf } from '../support/interop/client.js';
import { type InteropServer, startInteropServer } from '../support/interop/server.js';
import { startTestNats, type TestNats, until } from '../support/nats.js';
import { omnipotent } from '../support/raw-nats.js';
import { bindKey, StandIn } from './stand-in.js';
import { ask, bareCall, bearer, ownClients, startTestHub, type TestHub } from './test-hub.js';

describe('the nodes of a hub', () => {
  let nats: TestNats;
  let hub: TestHub;
  let clients: ReturnType<typeof ownClients>;
  const servers: InteropServer[] = [];
  const upstreams: Http2Upstream[] = [];
  const upstream = (i: number): Http2Upstream => upstreams[i] ?? assert.fail();

  before(async () => {
    nats = await startTestNats();
    hub = await startTestHub(nats);
    clients = ownClients(hub.address);
    for (const serverId of ['one', 'two']) {
      const server = await startInteropServer({ serverId });
      servers.push(server);
      upstreams.push(new Http2Upstream({ address: { host: '127.0.0.1', port: server.port } }));
    }
  });
  after(async () => {
    clients.close();
    await hub.stop();
    for (const one of upstreams) one.close();
    await Promise.all(servers.map((server) => server.stop()));
    await nats.stop();
  });

  const node = async (name: string): Promise<Node> => {
    const { nodes } = await ask<ListNodesResponse>((callback) =>
      clients.nodes.listNodes({ name }, bearer(hub.adminToken), callback),
    );
    return nodes[0] ?? assert.fail(`${name} is not listed`);
  };
  const inState = (name: string, state: string, timeoutMs?: number) =>
    until(`${name} is ${state}`, async () => (await node(name)).state === state, timeoutMs);
  const headers = (name: string) => ({ name, authorization: `Bearer ${hub.adminToken}` });
  const metadata = (name: string) => ({ 'x-postern-node': name, 'x-postern-authorization': hub.adminToken });
  const caller = (name: string) => new InteropClient({ address: hub.address, metadata: metadata(name) });
  /** Which servers answer so many calls. */
  const answering = async (name: string, calls: number) => {
    const client = caller(name);
    const counts: Record<string, number> = {};
    for (let i = 0; i < calls; i++) {
      const { value, error } = await client.unaryCall({ fillServerId: true });
      const who = value?.serverId ?? error?.details ?? '?';
      counts[who] = (counts[who] ?? 0) + 1;
    }
    client.close();
    return counts;
  };

  it('take calls of every kind', async () => {
    const agent = await StandIn.start(nats, await bindKey(hub, 'kinds'), upstream(0));
    await agent.join();
    const target = { address: hub.address, metadata: metadata('kinds') };
    for (const name of [
      'empty_unary',
      'large_unary',
      'client_streaming',
      'server_streaming',
      'ping_pong',
      'empty_stream',
      'custom_metadata',
      'status_code_and_message',
      'unimplemented_service',
      'cancel_after_begin',
      'timeout_on_sleeping_server',
    ]) {
      const run = interopCases[name];
      assert.ok(run !== undefined, name);
      await run(target);
    }
    await inState('kinds', 'connected.idle');
    const { instances, labels, lastSeenAtMs } = await node('kinds');
    assert.deepEqual(labels, { zone: 'cellar' });
    assert.ok(Math.abs(lastSeenAtMs - Date.now()) < 10_000);
    assert.equal(instances.length, 1);
    assert.equal(instances[0]?.version, '1.2.3');
    await until(
      'the round trip was measured',
      async () => ((await node('kinds')).instances[0]?.roundTripUs ?? 0) > 0,
    );
    await until('nothing is left open', async () => (await node('kinds')).calls === 0);
  });

  it("never learn the hub's token nor the routing key", async () => {
    const seen: IncomingHttpHeaders[] = [];
    const spy = createServer();
    spy.on('stream', (stream, received) => {
      seen.push(received);
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' },
        { endStream: true },
      );
    });
    await new Promise<void>((resolve) => spy.listen(0, '127.0.0.1', resolve));
    const address: AddressInfo | string | null = spy.address();
    assert.ok(typeof address === 'object' && address !== null);
    const behind = new Http2Upstream({ address: { host: '127.0.0.1', port: address.port } });
    const agent = await StandIn.start(nats, await bindKey(hub, 'spy'), behind);
    await agent.join();
    const rows: [Record<string, string>, Record<string, string | undefined>][] = [
      [
        { authorization: `Bearer ${hub.adminToken}`, name: 'spy' },
        { authorization: undefined, name: undefined },
      ],
      [
        { jwt: hub.adminToken, authorization: 'Bearer theirs', 'x-postern-node': 'spy', name: 'theirs' },
        { jwt: undefined, authorization: 'Bearer theirs', 'x-postern-node': undefined, name: 'theirs' },
      ],
      [
        {
          'x-postern-authorization': hub.adminToken,
          authorization: `Bearer ${hub.adminToken}`,
          jwt: 'theirs',
          name: 'spy',
        },
        { 'x-postern-authorization': undefined, authorization: undefined, jwt: 'theirs', name: undefined },
      ],
      [
        { ...headers('spy'), 'x-postern-caller': 'root', 'x-postern-roles': 'admin' },
        { 'x-postern-caller': undefined, 'x-postern-roles': undefined },
      ],
    ];
    for (const [given, expected] of rows) {
      seen.length = 0;
      const outcome = await bareCall(hub.address, { 'x-kept': 'yes', ...given });
      assert.equal(outcome.status, 0, outcome.message);
      const [received] = seen;
      assert.equal(received?.['x-kept'], 'yes');
      for (const [name, value] of Object.entries(expected)) assert.equal(received?.[name], value, name);
      assert.ok(!JSON.stringify(received).includes(hub.adminToken));
    }
    behind.close();
    spy.close();
    agent.vanish();
  });

  it('are served by the newer process of a key, the older is told', async () => {
    const bound = await bindKey(hub, 'renewed');
    const older = await StandIn.start(nats, bound, upstream(0));
    const first = await older.join();
    const newer = await StandIn.start(nats, bound, upstream(1));
    const second = await newer.join();
    await until('the older was told', () => older.notices.some((one) => one.instance === first));
    assert.equal(older.notices[0]?.kind, 'superseded');
    assert.equal(
      newer.notices.some((one) => one.instance === second),
      false,
    );
    assert.deepEqual(await answering('renewed', 4), { two: 4 });
    const again = await older.hello({ instance: first });
    assert.ok(!again.ok && again.code === 'superseded', 'the older one stays out');
    assert.deepEqual(
      (await node('renewed')).instances.map(({ id, epoch }) => [id, epoch]),
      [[second, 2]],
    );
  });

  it('are not disturbed by another key that does not share', async () => {
    const holder = await StandIn.start(nats, await bindKey(hub, 'held'), upstream(0));
    const instance = await holder.join();
    const intruder = await StandIn.start(nats, await bindKey(hub, 'held'), upstream(1));
    const answer = await intruder.hello();
    assert.ok(!answer.ok && answer.code === 'occupied');
    assert.deepEqual(await answering('held', 3), { one: 3 });
    holder.bye('stopped');
    await inState('held', 'lost');
    assert.notEqual(await intruder.join(), instance);
    assert.deepEqual(await answering('held', 3), { two: 3 });
  });

  for (const traced of [false, true]) {
    it(`get no call before they listen${traced ? ', with a tracer on the bus too' : ''}`, async () => {
      const name = traced ? 'traced' : 'hasty';
      const tracer = traced ? await omnipotent(nats) : undefined;
      tracer?.subscribe('postern.>');
      await tracer?.flush();
      const first = await StandIn.start(nats, await bindKey(hub, name), upstream(0));
      const claimed = await first.claim({ share: true });
      assert.ok(claimed.ok);
      await inState(name, 'connected.joining');
      const early = await bareCall(hub.address, headers(name));
      assert.deepEqual([early.status, early.code], [14, 'NODE_JOINING']);
      first.serve(claimed.instance);
      await inState(name, 'connected.idle');
      assert.equal((await bareCall(hub.address, headers(name))).status, 0);

      const second = await StandIn.start(nats, await bindKey(hub, name), upstream(1));
      const place = await second.claim({ share: true });
      assert.ok(place.ok);
      await until('the hub knows both', async () => (await node(name)).instances.length === 2);
      assert.deepEqual(await answering(name, 6), { one: 6 });
      const standings = async () => (await node(name)).instances.map(({ standing }) => standing).sort();
      assert.deepEqual(await standings(), ['joining', 'ready']);
      second.serve(place.instance);
      await until('both are ready', async () => (await standings()).every((one) => one === 'ready'));
      assert.deepEqual(await answering(name, 6), { one: 3, two: 3 });
      first.vanish();
      second.vanish();
      await tracer?.close();
    });
  }

  it('share their calls among all that share, and pass over who drains or is gone', async () => {
    const [a, b] = [
      await StandIn.start(nats, await bindKey(hub, 'shared'), upstream(0)),
      await StandIn.start(nats, await bindKey(hub, 'shared'), upstream(1)),
    ];
    await a.join({ share: true });
    await b.join({ share: true });
    assert.deepEqual(await answering('shared', 10), { one: 5, two: 5 });
    a.bye('draining');
    await until('one drains', async () =>
      (await node('shared')).instances.some((one) => one.standing === 'draining'),
    );
    await inState('shared', 'connected.idle');
    assert.deepEqual(await answering('shared', 4), { two: 4 });
    b.bye('draining');
    await inState('shared', 'connected.draining');
    const outcome = await bareCall(hub.address, headers('shared'));
    assert.deepEqual([outcome.status, outcome.code], [14, 'NODE_DRAINING']);
    a.bye('stopped');
    b.bye('stopped');
    await inState('shared', 'lost');
  });

  it('give a call to another instance when one cannot reach its server', async () => {
    const dead = new Http2Upstream({ address: { host: '127.0.0.1', port: 1 } });
    const [a, b] = [
      await StandIn.start(nats, await bindKey(hub, 'halved'), dead),
      await StandIn.start(nats, await bindKey(hub, 'halved'), upstream(1)),
    ];
    await a.join({ share: true });
    await b.join({ share: true });
    assert.deepEqual(await answering('halved', 6), { two: 6 });
    dead.close();
    a.vanish();
    b.vanish();
  });

  it('take only calls that an instance serves', async () => {
    const agent = await StandIn.start(nats, await bindKey(hub, 'partial'), upstream(0));
    await agent.join({ services: ['grpc.testing.'] });
    const served = await bareCall(hub.address, headers('partial'));
    assert.equal(served.status, 0, served.message);
    const outcome = await bareCall(hub.address, headers('partial'), '/other.Service/Method');
    assert.deepEqual([outcome.status, outcome.code], [12, 'NOT_SERVED']);
  });

  it('are suspect, then lost, when they vanish, and come back with the same instance', async () => {
    const bound = await bindKey(hub, 'flaky');
    const agent = await StandIn.start(nats, bound, upstream(0));
    const instance = await agent.join();
    await until('it was pinged', () => agent.pingedBy.size > 0);
    const client = caller('flaky');
    const open = client.fullDuplexCall();
    const ended = statusOf(open);
    open.write({ responseParameters: [{ size: 1 }] });
    await once(open, 'data');
    await agent.freeze();
    await inState('flaky', 'suspect', 8_000);
    const suspect = await bareCall(hub.address, headers('flaky'));
    assert.deepEqual([suspect.status, suspect.code], [14, 'NODE_OFFLINE']);
    await inState('flaky', 'lost', 15_000);
    const { code, details } = await ended;
    assert.deepEqual([code, details], [14, 'the instance that served the call is gone']);
    client.close();
    const lost = await bareCall(hub.address, headers('flaky'));
    assert.match(lost.message, /^node 'flaky' is not connected \(last seen \d+ s ago\)$/);
    assert.equal(await agent.join({ instance }), instance, 'it keeps its place');
    await inState('flaky', 'connected.idle');
    agent.vanish();
  });
});
