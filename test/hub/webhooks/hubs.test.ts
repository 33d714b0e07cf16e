import assert from 'node:assert/strict';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { KickNodeResponse } from '../../../src/gen/postern/v1/nodes.js';
import type { HubConfigInput } from '../../../src/hub/hub.js';
import { Http2Upstream } from '../../../src/wire/http2-upstream.js';
import { type InteropServer, startInteropServer } from '../../support/interop/server.js';
import { startTestNats, type TestNats, testLog, until } from '../../support/nats.js';
import { bindKey, StandIn } from '../stand-in.js';
import { ask, bareCall, bearer, http, ownClients, startTestHub, type TestHub } from '../test-hub.js';
import { isGenuine, WebhookReceiver } from './receiver.js';

const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;

describe('webhooks of several hubs', { timeout: 90_000 }, () => {
  let nats: TestNats;
  let server: InteropServer;
  let upstream: Http2Upstream;
  let receiver: WebhookReceiver;
  let dead: WebhookReceiver;
  const hubs: TestHub[] = [];

  before(async () => {
    nats = await startTestNats();
    server = await startInteropServer();
    upstream = new Http2Upstream({ address: { host: '127.0.0.1', port: server.port } });
    receiver = await WebhookReceiver.start();
    dead = await WebhookReceiver.start();
    dead.answer = () => undefined;
    hubs.push(await startTestHub(nats, hooks()));
    hubs.push(await another('second'));
  });
  after(async () => {
    await Promise.all(hubs.map(end));
    upstream.close();
    await receiver.stop();
    await dead.stop();
    await server.stop();
    await nats.stop();
  });

  const hooks = (): Partial<HubConfigInput> => ({
    webhooks: [
      { name: 'dead', url: dead.url },
      { name: 'ops', url: receiver.url, secret, headers: { 'x-team': 'ops' } },
      {
        name: 'instances',
        url: `${receiver.url}&all`,
        events: ['instance.connected', 'instance.disconnected'],
        nodes: ['pair'],
      },
    ],
  });
  const another = async (name: string): Promise<TestHub> => {
    const data = join(nats.dir, name);
    await mkdir(join(data, 'keys'), { recursive: true });
    await copyFile(join(nats.dir, 'keys', 'caller.jwk'), join(data, 'keys', 'caller.jwk'));
    return startTestHub(nats, { ...hooks(), data }, testLog);
  };
  /** Ends a hub; the dead receiver is not waited for. */
  const end = async (hub: TestHub): Promise<void> => {
    await hub.hub.reload({ data: nats.dir, webhooks: [] });
    await hub.stop();
  };
  const agentOf = async (node: string): Promise<StandIn> =>
    StandIn.start(nats, await bindKey(hubs.at(-1) ?? assert.fail(), node), upstream);
  const kinds = (node: string) =>
    receiver.events().flatMap(({ type, node: of }) => (of === node ? [type] : []));
  const toldOf = (node: string, wanted: string[]) =>
    until(`${wanted.join()} is told of ${node}`, () => kinds(node).join() === wanted.join(), 20_000);
  const sentOf = (node: string) =>
    receiver.deliveries.filter(({ text }) => JSON.parse(text).node === node).length;

  it('tell once of all what becomes of a node, signed, with another id for each time', async () => {
    const agent = await agentOf('cellar');
    const first = await agent.join();
    await toldOf('cellar', ['node.connected']);
    agent.bye('stopped');
    await toldOf('cellar', ['node.connected', 'node.disconnected']);
    const again = await agent.join({ instance: first });
    assert.equal(again, first, 'it has kept its place');
    await toldOf('cellar', ['node.connected', 'node.disconnected', 'node.connected']);
    const [come, gone, back] = receiver.events().filter(({ node }) => node === 'cellar');
    assert.equal(come?.instance, first);
    assert.deepEqual([come?.state, come?.instances, come?.labels], ['connected.idle', 1, { zone: 'cellar' }]);
    assert.deepEqual([gone?.instance, gone?.state, gone?.cause, gone?.instances], [first, 'lost', 'BYE', 0]);
    assert.notEqual(back?.id, come?.id);
    const deliveries = receiver.deliveries.filter(({ text }) => JSON.parse(text).node === 'cellar');
    assert.equal(deliveries.length, 3, 'one hub tells');
    for (const delivery of deliveries) {
      assert.ok(isGenuine(delivery, secret), delivery.text);
      assert.equal(delivery.headers['webhook-id'], JSON.parse(delivery.text).id);
      assert.deepEqual(
        [delivery.headers['x-team'], delivery.headers['content-type']],
        ['ops', 'application/json'],
      );
    }
    agent.vanish();
  });

  it('tell of each instance where they are asked to, and of a kick', async () => {
    const [a, b] = [await agentOf('pair'), await agentOf('pair')];
    await a.join({ share: true });
    const second = await b.join({ share: true });
    a.bye('stopped');
    const up = ['node.connected', 'instance.connected', 'instance.connected', 'instance.disconnected'];
    await until('all is told', () => kinds('pair').sort().join() === up.sort().join());
    const clients = ownClients(hubs[0]?.address ?? '');
    const token = bearer(hubs[0]?.adminToken ?? '');
    await ask<KickNodeResponse>((done) =>
      clients.nodes.kickNode({ name: 'pair', instance: '', barMs: 60_000 }, token, done),
    );
    clients.close();
    await until('the end is told', () => kinds('pair').length === 6);
    const last = receiver
      .events()
      .filter(({ node, type }) => node === 'pair' && type === 'node.disconnected');
    assert.deepEqual(
      last.map(({ instance }) => instance),
      [second],
    );
    a.vanish();
    b.vanish();
  });

  it('do not tell again when another hub takes over, nor hold up calls while a receiver is dead', async () => {
    const [first = assert.fail(), second = assert.fail()] = hubs;
    const agent = await agentOf('moved');
    await agent.join();
    await toldOf('moved', ['node.connected']);
    const headers = { name: 'moved', authorization: `Bearer ${first.adminToken}` };
    await until(
      'the first hub knows it, too',
      async () => (await bareCall(first.address, headers)).status === 0,
    );
    assert.ok(dead.deliveries.length > 0, 'the dead one was asked');
    for (let i = 0; i < 5; i++) {
      const since = performance.now();
      assert.equal((await bareCall(first.address, headers)).status, 0);
      assert.ok(performance.now() - since < 10_000, 'an attempt may take 15 s');
    }
    const owners = new Set(agent.pingedBy);
    const third = await another('third');
    hubs.push(third);
    await Promise.all([first, second].map(end));
    agent.pingedBy.clear();
    await until('the third watches over it', () => [...agent.pingedBy].some((hub) => !owners.has(hub)));
    assert.equal(sentOf('moved'), 1, 'nothing has happened to the node');
    agent.bye('stopped');
    await toldOf('moved', ['node.connected', 'node.disconnected']);
    agent.vanish();
    assert.equal(sentOf('moved'), 2);
    // it counts when the receiver has answered
    await until('it is counted', async () => {
      const { body } = await http(third.metricsAddress, 'GET', '/metrics');
      return /postern_webhook_events_total\{webhook="ops",outcome="delivered"\} [1-9]/.test(body);
    });
  });

  it('are told otherwise by a configuration that is read anew, and all or nothing of it', async () => {
    const third = hubs.at(-1) ?? assert.fail();
    const config = { listen: ['127.0.0.1:0'], data: join(nats.dir, 'third') };
    await assert.rejects(
      third.hub.reload({ ...config, webhooks: [{ url: receiver.url, secretFile: '/nonexistent/secret' }] }),
      /the secret of a webhook cannot be read/,
    );
    const other = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    const { waiting } = await third.hub.reload({
      ...config,
      webhooks: [{ name: 'ops', url: receiver.url, secret: `${other} ${secret}`, nodes: ['late'] }],
    });
    assert.ok(!waiting.includes('webhooks'));
    const [late, early] = [await agentOf('late'), await agentOf('early')];
    await early.join();
    await late.join();
    await toldOf('late', ['node.connected']);
    assert.equal(sentOf('early'), 0);
    const delivery = receiver.deliveries.find(({ text }) => JSON.parse(text).node === 'late');
    assert.ok(delivery !== undefined && isGenuine(delivery, secret) && isGenuine(delivery, other));
    late.vanish();
    early.vanish();
  });
});
