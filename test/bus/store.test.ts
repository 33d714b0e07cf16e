import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import type { Bus, Entry, Store } from '../../src/bus/bus.js';
import { startEmbeddedServer } from '../../src/bus/embedded-server.js';
import type { TokenEntry } from '../../src/bus/messages.js';
import { stores } from '../../src/bus/subjects.js';
import { natsServers, startTestNats, type TestNats, testLog, until } from '../support/nats.js';

const entry = (id: string): TokenEntry => ({
  ...{ v: 1, id, kind: 'join', subject: 'n1', createdBy: 'test', createdAtMs: 1, expiresAtMs: 2 },
});

for (const binary of await natsServers()) {
  describe(`a bucket on nats-server ${binary.version}`, () => {
    let nats: TestNats;
    let one: Bus;
    let mine: Store<TokenEntry>;
    let theirs: Store<TokenEntry>;
    before(async () => {
      nats = await startTestNats(binary);
      one = await nats.hub();
      const two = await nats.hub();
      [mine, theirs] = await Promise.all([one.store(stores.tokens), two.store(stores.tokens)]);
    });
    after(() => nats.stop());

    it('holds one value per key, changed by whoever knows the last revision', async () => {
      assert.equal(await mine.get('a'), undefined);
      const first = await mine.create('a', entry('a'));
      assert.deepEqual(await theirs.get('a'), { key: 'a', value: entry('a'), revision: first });
      await assert.rejects(theirs.create('a', entry('x')), { code: 'STORE_CONFLICT' });
      const second = await theirs.update('a', entry('b'), first);
      await assert.rejects(mine.update('a', entry('c'), first), { code: 'STORE_CONFLICT' });
      assert.deepEqual(await mine.get('a'), { key: 'a', value: entry('b'), revision: second });
      await mine.delete('a');
      assert.equal(await theirs.get('a'), undefined);
      const third = await theirs.create('a', entry('d'));
      assert.ok(third > second);
    });

    it('lets exactly one of many win', async () => {
      const revision = await mine.create('race', entry('race'));
      const tries = Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? mine : theirs).update('race', entry(`w${index}`), revision),
      );
      const done = await Promise.allSettled(tries);
      assert.equal(done.filter(({ status }) => status === 'fulfilled').length, 1);
      for (const result of done) {
        if (result.status === 'rejected') assert.equal(result.reason.code, 'STORE_CONFLICT');
      }
    });

    it('takes and gives only what is declared', async () => {
      const wrong = { ...entry('a'), id: 'two words' };
      await assert.rejects(mine.create('wrong', wrong), { code: 'BODY_INVALID' });
      assert.equal(await mine.get('wrong'), undefined);
      await assert.rejects(mine.create('bad key', entry('a')), { code: 'STORE_INVALID' });
      const lax = await one.store({ ...stores.nodes, bucket: stores.tokens.bucket });
      await mine.create('token', entry('token'));
      await assert.rejects(lax.get('token'), { code: 'STORE_INVALID' });
    });

    it('of a declaration that says how long it keeps forgets by itself, and is only read by readers', async () => {
      const brief = { ...stores.accountEnds, maxAgeMs: 500 };
      const ends = await (await nats.accounts()).store(brief);
      await ends.create('a', { v: 1, atMs: 1 });
      const read = await one.store(brief);
      assert.equal((await read.get('a'))?.value.atMs, 1);
      await assert.rejects(read.create('b', { v: 1, atMs: 1 }), { code: 'BUS_FORBIDDEN' });
      await until('it is forgotten', async () => (await ends.get('a')) === undefined);
    });

    it('tells a watcher what is there, then what changes, in order', async () => {
      const seen: [string, Entry<TokenEntry> | undefined][] = [];
      await mine.create('before', entry('before'));
      await mine.create('deleted', entry('deleted'));
      await mine.delete('deleted');
      const { ready, stop } = theirs.watch((key, found) => seen.push([key, found]));
      await ready;
      assert.ok(seen.some(([key, found]) => key === 'before' && found?.value.id === 'before'));
      assert.ok(!seen.some(([key]) => key === 'deleted'), 'what is gone is not told at the start');
      seen.length = 0;
      let revision = await mine.create('live', entry('live'));
      for (let i = 0; i < 50; i++) revision = await mine.update('live', entry(`v${i}`), revision);
      await mine.delete('live');
      await until('all came', () => seen.at(-1)?.[1] === undefined && seen.length > 0);
      // a value that was replaced at once may never be told, as only the last one is kept
      const told = seen.slice(0, -1).map(([, found]) => found?.revision ?? 0);
      assert.ok(told.length > 0);
      assert.deepEqual(
        told,
        [...new Set(told)].sort((a, b) => a - b),
        'in order, once each',
      );
      stop();
      stop();
      const { length } = seen;
      await mine.create('later', entry('later'));
      const again: string[] = [];
      const second = theirs.watch((key) => again.push(key));
      await second.ready;
      assert.ok(again.includes('later'));
      assert.equal(seen.length, length, 'nothing comes after the end of a watch');
      second.stop();
    });

    it('is at once ready to be watched when it is empty, and outlives a listener that throws', async () => {
      const store = await one.store(stores.nodes);
      const keys: string[] = [];
      const { ready, stop } = store.watch((key) => {
        keys.push(key);
        throw new Error('on purpose');
      });
      await ready;
      const times = { createdAtMs: 1, lastSeenAtMs: 0 };
      for (const name of ['a', 'b']) {
        const node = {
          v: 1,
          name,
          keys: [],
          labels: {},
          epoch: 0,
          owner: '',
          instances: [],
          ...times,
        } as const;
        await store.create(name, { ...node, keys: [], instances: [] });
      }
      await until('both came', () => keys.length === 2);
      assert.deepEqual(keys, ['a', 'b']);
      stop();
    });

    it('tells anew what is left when the server lost it', async () => {
      const own = await startTestNats(binary);
      const bus = await own.hub();
      const store = await bus.store(stores.tokens);
      const seen: string[] = [];
      const { ready, stop } = store.watch((key, found) => seen.push(`${key} ${found === undefined}`));
      await ready;
      await store.create('gone', entry('gone'));
      await until('it was told', () => seen.length === 1);
      await own.server.stop();
      await rm(`${own.dir}/nats/jetstream`, { recursive: true });
      const { authority } = own;
      const again = await startEmbeddedServer({ dir: own.dir, binary: binary.path, authority, log: testLog });
      await until('the loss was told', () => seen.length === 2);
      assert.deepEqual(seen, ['gone false', 'gone true']);
      await until('it works again', () =>
        store.create('new', entry('new')).then(
          () => true,
          () => false,
        ),
      );
      await until('the new one was told', () => seen.includes('new false'));
      stop();
      await bus.close();
      await again.stop();
      await own.stop();
    });

    it('is not for agents and watchers', async () => {
      const agent = await nats.agent('n1');
      await assert.rejects(agent.store(stores.tokens), { code: 'BUS_FORBIDDEN' });
    });
  });
}
