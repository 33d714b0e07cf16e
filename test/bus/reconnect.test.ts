import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Bus, BusStatus } from '../../src/bus/bus.js';
import { startEmbeddedServer } from '../../src/bus/embedded-server.js';
import type { TokenEntry, Transition } from '../../src/bus/messages.js';
import { stores, subjects } from '../../src/bus/subjects.js';
import { natsServers, startTestNats, type TestNats, testLog, until } from '../support/nats.js';

const transition = (sequence: number): Transition => ({
  ...{ v: 1, machine: 'node', id: 'n1', atMs: 1, sequence, event: 'e', from: 'a', to: 'b' },
  context: {},
});
const entry = (id: string): TokenEntry => ({
  ...{ v: 1, id, kind: 'join', subject: 'n1', createdBy: 'test', createdAtMs: 1, expiresAtMs: 2 },
});

const servers = await natsServers();

// these mostly wait
describe('a loss of the bus', { concurrency: true }, () => {
  for (const binary of servers) {
    describe(`with nats-server ${binary.version}`, { concurrency: 1 }, () => {
      let nats: TestNats;
      let hub: Bus;
      let watcher: Bus;
      const told: BusStatus[] = [];
      before(async () => {
        nats = await startTestNats(binary);
        hub = await nats.hub();
        watcher = await nats.watcher();
        hub.onStatus((status) => told.push(status));
      });
      after(() => nats.stop());

      /** Kills the server without warning and waits until both are back: it is started again by its keeper. */
      async function killServer(): Promise<void> {
        const { pid } = nats.server;
        const lost = told.length;
        process.kill(pid, 'SIGKILL');
        await until('the loss is seen', () => told.length > lost);
        await until('both are back', () => hub.connected && watcher.connected && nats.server.pid !== pid);
      }

      it('is told, and healed', async () => {
        await killServer();
        assert.deepEqual(
          told.map(({ type }) => type),
          ['disconnected', 'reconnected'],
        );
        assert.equal(hub.serverVersion, binary.version);
      });

      it('leaves subscriptions and calls standing', async () => {
        const agent = await nats.agent('n1');
        const beats: string[] = [];
        const frames: Uint8Array[] = [];
        watcher.subscribe(subjects.beat, {}, ({ params }) => beats.push(params.hub));
        const handlers = { noResponders: () => {} };
        const mine = agent.joinCalls(
          { name: 'n1', instance: 'a' },
          { ...handlers, receive: (_from, message) => frames.push(message) },
        );
        const { port } = hub.joinCalls({ name: 'hub', instance: 'h' }, { ...handlers, receive: () => {} });
        await killServer();
        await until('the agent is back', () => agent.connected);
        await until('a beat and a frame come', () => {
          hub.publish(subjects.beat, { hub: 'h' }, { hub: 'h', version: '1', sinceMs: 1 });
          port.send({ name: 'n1', instance: 'a' }, new Uint8Array([1]), 0);
          return beats.length > 0 && frames.length > 0;
        });
        mine.stop();
        await agent.close();
      });

      it('drops what is published meanwhile without a throw, and refuses what needs an answer', async () => {
        const store = await hub.store(stores.tokens);
        process.kill(nats.server.pid, 'SIGKILL');
        await until('the loss is seen', () => !hub.connected);
        hub.publish(subjects.beat, { hub: 'h' }, { hub: 'h', version: '1', sinceMs: 1 });
        await assert.rejects(store.get('x'), { code: 'STORE_UNAVAILABLE' });
        await assert.rejects(store.create('x', entry('x')), { code: 'STORE_UNAVAILABLE' });
        await until('it is back', () => hub.connected && watcher.connected);
      });

      it('loses nothing that is stored, and a watch goes on without doubles', async () => {
        const store = await hub.store(stores.tokens);
        const seen: string[] = [];
        const { ready, stop } = store.watch((key, found) => seen.push(`${key}@${found?.revision ?? 'gone'}`));
        await ready;
        seen.length = 0;
        const one = await store.create('one', entry('one'));
        await killServer();
        const available = async (): Promise<boolean> =>
          store.get('one').then(
            (found) => found?.revision === one,
            () => false,
          );
        await until('what was stored is there', available);
        const two = await store.create('two', entry('two'));
        await killServer();
        await until('the store answers', available);
        await store.delete('one');
        await until('the watch tells all', () => seen.length >= 3);
        assert.deepEqual(seen, [`one@${one}`, `two@${two}`, 'one@gone']);
        stop();
      });

      it('begins kept subjects anew, and followers go on without doubles', async () => {
        const [byHub, byWatcher]: [number[], number[]] = [[], []];
        const follow = (bus: Bus, into: number[]) =>
          bus.follow(subjects.nodeTransition, { node: 'n1' }, ({ body }) => into.push(body.sequence));
        const publish = (sequence: number): void =>
          hub.publish(subjects.nodeTransition, { node: 'n1' }, transition(sequence));
        publish(1);
        publish(2);
        const followings = [follow(hub, byHub), follow(watcher, byWatcher)];
        await Promise.all(followings.map(({ live }) => live));
        publish(3);
        const expected = (count: number) => () => byHub.length >= count && byWatcher.length >= count;
        await until('the first three came', expected(3));
        await killServer();
        // what is published before the streams are made again is not kept; this is kept by whoever gets it
        const late = await watcherSees(watcher, () => publish(4));
        await until('those after the restart came', () => byWatcher.includes(late) && byHub.includes(late));
        publish(5);
        await until('the last came', () => byHub.includes(5) && byWatcher.includes(5));
        assert.deepEqual(byHub.slice(0, 3), [1, 2, 3]);
        assert.deepEqual(byHub, byWatcher);
        for (const { stop } of followings) stop();
      });

      it('is outlived however long it takes', async () => {
        const own = await startTestNats(binary);
        const bus = await own.hub();
        await own.server.stop();
        await until('the loss is seen', () => !bus.connected);
        // several dials fail
        await new Promise((resolve) => setTimeout(resolve, 1500));
        const again = await startEmbeddedServer({
          dir: own.dir,
          binary: binary.path,
          authority: own.authority,
          log: testLog,
        });
        assert.equal(again.url, own.server.url, 'the port is remembered');
        await until('it is back', () => bus.connected);
        await bus.close();
        await again.stop();
        await own.stop();
      });
    });
  }
});

/** Repeats `publish` until a fresh follower, who reads what is kept, has seen a message; gives its number. */
async function watcherSees(watcher: Bus, publish: () => void): Promise<number> {
  let seen = 0;
  const { stop } = watcher.follow(subjects.nodeTransition, { node: 'n1' }, ({ body }) => {
    seen = body.sequence;
  });
  let tries = 0;
  await until('a message is kept again', () => {
    if (seen === 0 && tries++ % 20 === 0) publish();
    return seen > 0;
  });
  stop();
  return seen;
}
