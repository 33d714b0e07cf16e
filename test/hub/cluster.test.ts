import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadOrCreateCallerKey } from '../../src/auth/caller-tokens.js';
import { stores } from '../../src/bus/subjects.js';
import type { ListNodesResponse, Node } from '../../src/gen/postern/v1/nodes.js';
import { Http2Upstream } from '../../src/wire/http2-upstream.js';
import { InteropClient, type OutputAnswer } from '../support/interop/client.js';
import { type InteropServer, startInteropServer } from '../support/interop/server.js';
import { startTestNats, type TestNats, until } from '../support/nats.js';
import { bindKey, StandIn } from './stand-in.js';
import { ask, bareCall, bearer, http, ownClients, startTestHub, type TestHub } from './test-hub.js';

describe('several hubs', () => {
  let nats: TestNats;
  let server: InteropServer;
  let upstream: Http2Upstream;
  const hubs: TestHub[] = [];
  let started = 0;

  before(async () => {
    nats = await startTestNats();
    server = await startInteropServer();
    upstream = new Http2Upstream({ address: { host: '127.0.0.1', port: server.port } });
  });
  after(async () => {
    for (const hub of hubs) await hub.stop();
    upstream.close();
    await server.stop();
    await nats.stop();
  });

  /** A hub with a data directory of its own, or a given one; all of them have the same key for caller tokens. */
  const start = async (data?: string): Promise<TestHub> => {
    const own = data ?? join(nats.dir, `hub-${started++}`);
    await loadOrCreateCallerKey(join(nats.dir, 'keys'));
    await mkdir(join(own, 'keys'), { recursive: true });
    await copyFile(join(nats.dir, 'keys', 'caller.jwk'), join(own, 'keys', 'caller.jwk'));
    const hub = await startTestHub(nats, { data: own });
    hubs.push(hub);
    return hub;
  };
  const node = async (hub: TestHub, name: string): Promise<Node | undefined> => {
    const clients = ownClients(hub.address);
    const { nodes } = await ask<ListNodesResponse>((callback) =>
      clients.nodes.listNodes({ name }, bearer(hub.adminToken), callback),
    );
    clients.close();
    return nodes[0];
  };
  /** Waits until a hub has heard from the one that owns the node that it can be called. */
  const seesIdle = (hub: TestHub, name: string) =>
    until(`${name} is ready`, async () => (await node(hub, name))?.state === 'connected.idle');
  const call = (hub: TestHub, name: string) =>
    bareCall(hub.address, { name, authorization: `Bearer ${hub.adminToken}` });
  /** Waits until somebody pings who has not pinged before. */
  const pingedAnew = async (agent: StandIn, what: string, timeoutMs = 12_000) => {
    agent.pingedBy.clear();
    await until(what, () => agent.pingedBy.size > 0, timeoutMs);
  };

  it('give the same answers, and take over at once from one that stops', async () => {
    const first = await start();
    const agent = await StandIn.start(nats, await bindKey(first, 'n1'), upstream);
    const instance = await agent.join();
    await until('it is pinged', () => agent.pingedBy.size > 0);
    const owner = [...agent.pingedBy];

    const second = await start();
    await seesIdle(second, 'n1');
    for (const hub of [first, second]) assert.equal((await call(hub, 'n1')).status, 0);
    assert.deepEqual([...agent.pingedBy], owner, 'one hub watches over a node');

    await first.stop();
    await assert.rejects(http(first.address, 'GET', '/healthz'), 'the first is gone');
    await pingedAnew(agent, 'the second hub watches over it', 4_000);
    assert.ok(!owner.some((hub) => agent.pingedBy.has(hub)));
    assert.equal((await call(second, 'n1')).status, 0);
    assert.equal((await node(second, 'n1'))?.instances[0]?.id, instance);
    agent.vanish();
    await until('the loss is seen', async () => (await node(second, 'n1'))?.state === 'suspect');
  });

  it('take over from one that dies', async () => {
    const doomed = hubs.at(-1) ?? assert.fail();
    const agent = await StandIn.start(nats, await bindKey(doomed, 'n2'), upstream);
    const instance = await agent.join();
    await until('it is pinged', () => agent.pingedBy.size > 0);
    const survivor = await start();
    await seesIdle(survivor, 'n2');
    // Cut off for good: nothing is given up, nobody is told.
    await doomed.bus.close();
    assert.equal((await call(survivor, 'n2')).status, 0, 'calls need no owner');
    await pingedAnew(agent, 'the survivor watches over it');
    const found = await node(survivor, 'n2');
    assert.deepEqual([found?.state, found?.instances[0]?.id], ['connected.idle', instance]);
    assert.equal((await call(doomed, 'n2')).status, 14, 'the one that is cut off says so');
    agent.vanish();
  });

  it("see other hubs' findings", async () => {
    const [one, other] = [hubs.at(-1) ?? assert.fail(), await start()];
    const [a, b] = [
      await StandIn.start(nats, await bindKey(one, 'pair'), upstream),
      await StandIn.start(nats, await bindKey(one, 'pair'), upstream),
    ];
    const leaving = await a.join({ share: true });
    const staying = await b.join({ share: true });
    a.bye('draining');
    for (const hub of [one, other]) {
      await until('both know who drains', async () => {
        const standings = (await node(hub, 'pair'))?.instances.map(({ id, standing }) => `${id} ${standing}`);
        return standings?.sort().join() === [`${leaving} draining`, `${staying} ready`].sort().join();
      });
    }
    a.bye('stopped');
    b.bye('stopped');
    for (const hub of [one, other]) {
      await until('both know that all have left', async () => (await node(hub, 'pair'))?.state === 'lost');
      assert.equal((await call(hub, 'pair')).code, 'NODE_OFFLINE');
    }
  });

  it('pass over an instance as soon as a call finds nobody there', async () => {
    const one = hubs.at(-1) ?? (await start());
    const both = [one, await start()];
    const [a, b] = [
      await StandIn.start(nats, await bindKey(one, 'halved'), upstream),
      await StandIn.start(nats, await bindKey(one, 'halved'), upstream),
    ];
    const [gone, other] = [await a.join({ share: true }), await b.join({ share: true })];
    const standing = async (hub: TestHub, instance = gone) =>
      (await node(hub, 'halved'))?.instances.find(({ id }) => id === instance)?.standing;
    for (const hub of both) {
      for (const id of [gone, other]) {
        await until(`${id} is ready`, async () => (await standing(hub, id)) === 'ready');
      }
    }
    await a.freeze();
    for (const hub of both) {
      for (let i = 0; i < 2; i++) assert.equal((await call(hub, 'halved')).status, 0);
      assert.equal(await standing(hub), 'suspect');
    }
    a.vanish();
    b.vanish();
  });

  it('come back by themselves when NATS was killed', async () => {
    const hub = hubs.at(-1) ?? assert.fail();
    const agent = await StandIn.start(nats, await bindKey(hub, 'survivor'), upstream);
    const instance = await agent.join();
    process.kill(nats.server.pid, 'SIGKILL');
    await until('the loss is told', async () => (await http(hub.address, 'GET', '/readyz')).status === 503);
    await until('it is ready again', async () => (await http(hub.address, 'GET', '/readyz')).status === 200);
    await until('calls go through', async () => (await call(hub, 'survivor')).status === 0);
    await pingedAnew(agent, 'it is watched over');
    assert.deepEqual(
      (await node(hub, 'survivor'))?.instances.map(({ id }) => id),
      [instance],
    );
    const late = await StandIn.start(nats, await bindKey(hub, 'latecomer'), upstream);
    await late.join();
    await seesIdle(hub, 'latecomer');
    assert.equal((await call(hub, 'latecomer')).status, 0, 'the registry takes claims again');
    agent.vanish();
    late.vanish();
  });

  it('let open calls finish before they stop, and take no new ones', async () => {
    const hub = await startTestHub(nats, { drainSeconds: 5 });
    const agent = await StandIn.start(nats, await bindKey(hub, 'slow'), upstream);
    await agent.join();
    await seesIdle(hub, 'slow');
    const client = new InteropClient({
      address: hub.address,
      metadata: { name: 'slow', authorization: `Bearer ${hub.adminToken}` },
    });
    const responses = [10, 20, 30].map((size) => ({ size, intervalUs: 300_000 }));
    const stream = client.streamingOutputCall({ responseParameters: responses });
    const sizes: number[] = [];
    stream.on('data', ({ payload }: OutputAnswer) => sizes.push(payload?.body.length ?? 0));
    const ended = once(stream, 'status');
    await once(stream, 'data');
    const stopped = hub.stop();
    await until('nobody new is let in', async () => {
      return (await http(hub.address, 'GET', '/healthz').catch(() => undefined)) === undefined;
    });
    const [{ code }] = await ended;
    assert.deepEqual([code, sizes], [0, [10, 20, 30]]);
    await stopped;
    client.close();
    agent.vanish();
  });

  it('remember after a restart who was there', async () => {
    for (const hub of hubs.splice(0)) await hub.stop();
    const data = join(nats.dir, 'restarted');
    const before = await start(data);
    const gone = await StandIn.start(nats, await bindKey(before, 'gone'), upstream);
    await gone.join();
    await bindKey(before, 'never');
    const there = await StandIn.start(nats, await bindKey(before, 'there'), upstream);
    const instance = await there.join();
    gone.bye('stopped');
    await until('it has left', async () => (await node(before, 'gone'))?.state === 'lost');
    const registry = await (await nats.hub()).store(stores.nodes);
    await until('the registry knows', async () => (await registry.get('gone'))?.value.instances.length === 0);
    await before.bus.close();
    await before.stop();
    hubs.length = 0;

    const hub = await start(data);
    assert.equal((await node(hub, 'never'))?.state, 'unseen');
    assert.equal((await node(hub, 'gone'))?.state, 'lost');
    assert.match((await call(hub, 'gone')).message, /^node 'gone' is not connected \(last seen \d+ s ago\)$/);
    assert.equal((await call(hub, 'there')).status, 0, 'reachable at once');
    await pingedAnew(there, 'the new hub watches over it, which knows that its predecessor is gone', 5_000);
    assert.equal((await node(hub, 'there'))?.instances[0]?.id, instance);
    assert.equal((await node(hub, 'there'))?.state, 'connected.idle');
    there.vanish();
  });
});
