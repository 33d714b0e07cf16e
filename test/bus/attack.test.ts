import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect, headers, type NatsConnection } from 'nats';
import type { Bus } from '../../src/bus/bus.js';
import { createUserKey } from '../../src/bus/nkeys.js';
import { inboxPrefixOf } from '../../src/bus/permissions.js';
import { stores, subjects } from '../../src/bus/subjects.js';
import { natsServers, startTestNats, type TestNats, until } from '../support/nats.js';
import { hearsOf, omnipotent, rawClient } from '../support/raw-nats.js';

for (const binary of await natsServers()) {
  describe(`permissions attacked, on nats-server ${binary.version}`, () => {
    let nats: TestNats;
    let god: NatsConnection;
    let hub: Bus;
    let n1: NatsConnection;
    let watcher: NatsConnection;
    let tracer: NatsConnection;
    let key1: string;
    let watcherKey: string;
    const heard: string[] = [];
    const clients: NatsConnection[] = [];

    before(async () => {
      nats = await startTestNats(binary);
      hub = await nats.hub();
      await hub.store(stores.nodes);
      await hub.store(stores.tokens);
      const raw = async (role: 'agent' | 'watcher' | 'tracer'): Promise<[NatsConnection, string]> => {
        const { identity, credentials } = await nats.credentials(role, 'n1');
        return [await rawClient(nats, credentials, inboxPrefixOf(identity)), identity.publicKey];
      };
      [n1, key1] = await raw('agent');
      [watcher, watcherKey] = await raw('watcher');
      [tracer] = await raw('tracer');
      god = await omnipotent(nats);
      clients.push(n1, watcher, tracer, god);
      god.subscribe('>', { callback: (_error, { subject }) => void heard.push(subject) });
      await god.flush();
    });
    after(async () => {
      await Promise.all(clients.map((client) => client.close()));
      await nats.stop();
    });

    /** Publishes on all of them and gives back those that arrived. */
    async function publishAll(client: NatsConnection, all: readonly string[]): Promise<string[]> {
      heard.length = 0;
      for (const subject of all) client.publish(subject, '{}');
      await client.flush();
      await god.flush();
      return heard.filter((subject) => all.includes(subject));
    }

    const hearAll = (client: NatsConnection, filters: readonly string[], published: readonly string[]) =>
      hearsOf(client, filters, god, published);

    const foreign = (): string[] => [
      'postern.call.n2.i.hub.h',
      'postern.call.hub.h.n2.i',
      'postern.hub.hello.n2.UX',
      'postern.hub.bye.n2.UX',
      'postern.node.notice.n2',
      'postern.hub.beat.h',
      'postern.inspect.node.n1',
      'postern.inspect.link.n2.b',
      '_INBOX.agent.n2.UX.1',
      '_INBOX.hub.UX.1',
      '$KV.postern_nodes.n1',
      'anything',
    ];

    it('lets an agent hear its own calls and notices, and nothing else', async () => {
      const own = ['postern.call.n1.i.hub.h', 'postern.node.notice.n1', `_INBOX.agent.n1.${key1}.x`];
      const allowed = await hearAll(
        n1,
        ['postern.call.n1.i.*.*', 'postern.node.notice.n1', `_INBOX.agent.n1.${key1}.>`],
        [...own, ...foreign()],
      );
      assert.deepEqual(allowed.refused, []);
      assert.deepEqual(new Set(allowed.came), new Set(own), 'control: what is its own comes through');

      const wide = [
        ...['>', '*', '*.>', 'postern.>', 'postern.*.>', 'postern.call.>', 'postern.call.*.*.*.*'],
        ...['postern.call.n2.>', 'postern.call.n2.*.*.*', 'postern.call.n2.i.hub.h', 'postern.call.hub.>'],
        ...['postern.call.*.i.*.*', 'postern.hub.>', 'postern.hub.hello.>', 'postern.hub.hello.n2.*'],
        ...['postern.node.notice.*', 'postern.node.notice.n2', 'postern.hub.beat.*', 'postern.inspect.>'],
        ...['postern.inspect.link.n1.*', '_INBOX.>', '_INBOX.agent.>', '_INBOX.agent.n1.>', '_INBOX.hub.>'],
        ...['_INBOX.agent.n2.>', '$JS.>', '$JS.API.>', '$JS.ACK.>', '$KV.>', '$KV.postern_nodes.>', '$SYS.>'],
      ];
      const attack = await hearAll(n1, wide, [...own, ...foreign()]);
      assert.deepEqual(attack.came, []);
      assert.deepEqual(new Set(attack.refused), new Set(wide));
    });

    it('lets an agent speak to hubs as itself, and nothing else', async () => {
      const own = [
        'postern.call.hub.h.n1.i',
        `postern.hub.hello.n1.${key1}`,
        `postern.hub.bye.n1.${key1}`,
        'postern.inspect.link.n1.b',
      ];
      assert.deepEqual(await publishAll(n1, own), own, 'control: what is its own arrives');

      const key2 = createUserKey().publicKey;
      const forbidden = [
        ...foreign(),
        ...['postern.call.n2.i.n1.i', 'postern.call.n1.i.n1.i', 'postern.call.n1.i.hub.h'],
        ...[`postern.hub.hello.n2.${key1}`, `postern.hub.hello.n1.${key2}`, `postern.hub.bye.n1.${key2}`],
        ...['postern.node.notice.n1', 'postern.inspect.link.n2.b', `_INBOX.agent.n1.${key1}.x`],
        ...['$KV.postern_tokens.t', '$JS.API.INFO', '$JS.API.STREAM.NAMES', '$JS.ACK.x.y.1.1.1.1.0'],
        ...['$JS.API.STREAM.INFO.KV_postern_nodes', '$JS.API.STREAM.MSG.GET.KV_postern_nodes'],
        ...['$JS.API.STREAM.PURGE.POSTERN_INSPECT_NODE', '$JS.API.STREAM.DELETE.KV_postern_nodes'],
        ...['$JS.API.CONSUMER.CREATE.KV_postern_nodes', '$JS.API.DIRECT.GET.POSTERN_INSPECT_NODE'],
        ...['$SYS.REQ.SERVER.PING', '$SYS.REQ.CLAIMS.UPDATE', '$JS.FC.x'],
      ];
      assert.deepEqual(await publishAll(n1, forbidden), []);
    });

    it('lets a watcher hear what happens but no frame, and ask for what is kept', async () => {
      const happens = ['postern.hub.beat.h', 'postern.node.notice.n1', 'postern.inspect.node.n1'];
      const allowed = await hearAll(
        watcher,
        ['postern.hub.>', 'postern.node.>', 'postern.inspect.>'],
        [...happens, ...foreign()],
      );
      assert.deepEqual(allowed.refused, []);
      for (const subject of happens) assert.ok(allowed.came.includes(subject), `control: ${subject}`);
      assert.deepEqual(
        allowed.came.filter((subject) => !/^postern\.(hub|node|inspect)\./.test(subject)),
        [],
      );
      const wide = [
        ...[
          '>',
          'postern.>',
          'postern.*.>',
          'postern.call.>',
          'postern.call.n1.i.*.*',
          'postern.call.*.*.*.*',
        ],
        ...['_INBOX.>', '_INBOX.agent.>', '$KV.>', '$JS.>', '$JS.API.>', '$SYS.>'],
      ];
      const attack = await hearAll(watcher, wide, foreign());
      assert.deepEqual([attack.came, new Set(attack.refused)], [[], new Set(wide)]);

      const forbidden = [
        ...foreign(),
        ...['postern.call.n1.i.hub.h', 'postern.call.hub.h.n1.i', `postern.hub.hello.n1.${key1}`],
        ...['$JS.API.STREAM.CREATE.x', '$JS.API.STREAM.PURGE.POSTERN_INSPECT_NODE', '$JS.API.INFO'],
        ...[
          '$JS.API.CONSUMER.CREATE.POSTERN_INSPECT_NODE',
          '$JS.API.CONSUMER.CREATE.POSTERN_INSPECT_NODE.c.x',
        ],
        ...['$JS.API.STREAM.INFO.KV_postern_nodes', '$JS.API.DIRECT.GET.KV_postern_nodes'],
        ...['$JS.API.STREAM.INFO.POSTERN_INSPECT_NODE', '$JS.API.DIRECT.GET.POSTERN_INSPECT_NODE'],
        ...[`postern.hub.kept.tracer.${watcherKey}`, `postern.hub.kept.watcher.${key1}`],
        ...[`_INBOX.watcher.${watcherKey}.x`, '$SYS.REQ.SERVER.PING'],
      ];
      assert.deepEqual(await publishAll(watcher, forbidden), []);
      const own = [`postern.hub.kept.watcher.${watcherKey}`];
      assert.deepEqual(await publishAll(watcher, own), own, 'control: it may ask hubs for kept messages');
    });

    it('lets a tracer hear frames too, and say nothing', async () => {
      const { came, refused } = await hearAll(tracer, ['postern.>'], foreign());
      assert.deepEqual(refused, []);
      assert.ok(came.includes('postern.call.n2.i.hub.h'));
      assert.ok(came.every((subject) => subject.startsWith('postern.')));
      assert.deepEqual(await publishAll(tracer, foreign()), []);
    });

    it('lets the part of a hub that serves tunnels speak to hubs for any node, and nothing else', async () => {
      const { identity, credentials } = await nats.credentials('tunnel');
      const tunnel = await rawClient(nats, credentials, inboxPrefixOf(identity));
      clients.push(tunnel);
      const own = ['postern.call.hub.h.n1.i', `postern.hub.bye.n1.${key1}`];
      assert.deepEqual(await publishAll(tunnel, own), own);
      const forbidden = [
        ...foreign().filter((subject) => !/^postern\.(call\.hub|hub\.bye)\./.test(subject)),
        ...[
          `postern.hub.hello.n1.${key1}`,
          'postern.call.n1.i.hub.h',
          '$JS.API.INFO',
          '$KV.postern_nodes.n1',
        ],
      ];
      assert.deepEqual(await publishAll(tunnel, forbidden), []);
    });

    it('answers a request only into the inbox of who asked', async () => {
      const answer = {
        ok: true,
        instance: '1-a',
        epoch: 1,
        hub: 'h',
        pingIntervalMs: 2000,
      } as const;
      let asked = 0;
      const stop = hub.respond(subjects.hello, {}, () => {
        asked++;
        return answer;
      });
      // the server has heard of it when it answers what comes behind it
      await (await hub.store(stores.nodes)).get('nobody');
      const hello = { v: 1, version: '0', features: [], boot: 'b', share: false, labels: {}, services: [] };
      const say = (reply: string): void =>
        n1.publish(`postern.hub.hello.n1.${key1}`, JSON.stringify(hello), { reply });
      const good = `_INBOX.agent.n1.${key1}.mine`;
      const bad = [
        'postern.call.n2.i.hub.h',
        '$KV.postern_nodes.n1',
        `_INBOX.agent.n2.${key1}.x`,
        `_INBOX.agent.n1.${key1}`,
        '$JS.API.STREAM.INFO.KV_postern_nodes',
      ];
      heard.length = 0;
      for (const reply of bad) say(reply);
      say(good);
      await until('the proper request is answered', () => heard.includes(good));
      assert.equal(asked, 1);
      assert.deepEqual(
        heard.filter((subject) => bad.includes(subject)),
        [],
      );
      stop();
    });

    it('writes nothing where the reply subject or a header of an agent points', async () => {
      const targets = ['$KV.postern_nodes.n2', 'postern.call.n2.i.hub.h'];
      const transition = {
        v: 1,
        machine: 'link',
        id: 'n1',
        atMs: 1,
        sequence: 1,
        event: 'e',
        from: 'a',
        to: 'b',
      };
      const body = JSON.stringify({ ...transition, context: {} });
      heard.length = 0;
      for (const reply of targets) {
        for (const name of ['Nats-Trace-Dest', 'Nats-Schedule-Target']) {
          const traced = headers();
          traced.set(name, reply);
          n1.publish('postern.inspect.link.n1.b', body, { reply, headers: traced });
        }
        n1.publish('postern.inspect.link.n1.b', body, { reply });
        n1.publish('postern.call.hub.nobody.n1.i', body, { reply });
      }
      await n1.flush();
      const kept: number[] = [];
      const { live, stop } = hub.follow(subjects.linkTransition, { node: 'n1' }, ({ body: { sequence } }) => {
        kept.push(sequence);
      });
      await live;
      await until('control: the stream has stored them', () => kept.length >= 2);
      stop();
      await god.flush();
      assert.ok(heard.includes('postern.inspect.link.n1.b'), 'control: they arrived');
      assert.deepEqual(
        heard.filter((subject) => targets.includes(subject)),
        [],
      );
    });

    it('lets a hub neither destroy streams nor reach the system account', async () => {
      const { identity, credentials } = await nats.credentials('hub');
      const raw = await rawClient(nats, credentials, inboxPrefixOf(identity));
      clients.push(raw);
      const forbidden = [
        ...['$JS.API.STREAM.DELETE.KV_postern_nodes', '$JS.API.STREAM.PURGE.KV_postern_nodes'],
        ...['$JS.API.STREAM.RESTORE.x', '$JS.API.STREAM.CREATE.other', '$SYS.REQ.SERVER.PING', '$KV.other.k'],
        ...['postern.call.hub.h.n1.i', `postern.hub.hello.n1.${key1}`, '_INBOX.hub.UX.1'],
      ];
      assert.deepEqual(await publishAll(raw, forbidden), []);
      const own = ['postern.call.n1.i.hub.h', 'postern.hub.beat.h'];
      assert.deepEqual(await publishAll(raw, own), own);
    });

    it('refuses who was not signed for', async () => {
      const { credentials } = await nats.credentials('agent');
      const stranger = await startTestNats(binary);
      const theirs = await stranger.credentials('hub');
      await stranger.stop();
      await assert.rejects(rawClient(nats, theirs.credentials), /Authorization Violation/i);
      // a good JWT with another's key
      await assert.rejects(rawClient(nats, { ...credentials, seed: createUserKey().seed }), /Authorization/i);
      await assert.rejects(connect({ servers: nats.server.url }), /Authorization/i);
    });
  });
}
