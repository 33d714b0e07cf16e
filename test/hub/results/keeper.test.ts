import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Bus } from '../../../src/bus/bus.js';
import { subjects } from '../../../src/bus/subjects.js';
import { closeRun, ResultsKeeper } from '../../../src/hub/results/keeper.js';
import { natsServers, startTestNats, type TestNats, testLog } from '../../support/nats.js';
import { batchOf, checkNumbers, handOver, stored } from './stage.js';

for (const binary of await natsServers()) {
  describe(`results handed over to hubs, on nats-server ${binary.version}`, () => {
    let nats: TestNats;
    let hub: Bus;
    let agent: Bus;
    let key: string;
    const keepers: ResultsKeeper[] = [];
    const keep = (bus: Bus): ResultsKeeper => {
      const keeper = new ResultsKeeper({ bus, log: testLog });
      keeper.start();
      keepers.push(keeper);
      return keeper;
    };
    const hand = (...args: Parameters<typeof batchOf>) => handOver(agent, 'n1', key, batchOf(...args));
    before(async () => {
      nats = await startTestNats(binary);
      hub = await nats.hub();
      keep(hub);
      const user = await nats.credentials('agent', 'n1');
      key = user.identity.publicKey;
      agent = await nats.connect(user.identity, user.credentials);
    });
    after(async () => {
      for (const keeper of keepers) keeper.stop();
      await nats.stop();
    });

    it('are stored once, however often a batch comes, and the answer tells where to go on', async () => {
      const { crc } = batchOf(0, 3);
      const three = { ok: true, last: 3, crc, closed: false };
      assert.deepEqual(await hand(0, 0), { ok: true, last: 0, crc: 0, closed: false });
      assert.deepEqual(await hand(0, 3), three);
      assert.deepEqual(await hand(0, 3), three);
      assert.deepEqual(await hand(0, 5), three, 'part of it is there');
      assert.deepEqual(await hand(7, 9), three, 'something is missing');
      assert.deepEqual(await hand(0, 0), three);
      const five = await hand(3, 5);
      assert.ok(five.ok && five.last === 5);
      const found = await stored(hub, 'r1');
      assert.deepEqual(
        found.map(({ record }) => record.n),
        [1, 2, 3, 4, 5],
      );
      assert.deepEqual(
        { ...found[0], record: undefined },
        { node: 'n1', test: 't1', journal: 'j1', record: undefined },
      );
    });

    it('are refused where they are not numbered one after another, and nothing is stored', async () => {
      const run = 'numbers';
      for (const wrong of [
        batchOf(0, 3, { run, last: 4 }),
        { ...batchOf(0, 3, { run }), records: batchOf(1, 4).records },
        { ...batchOf(0, 2, { run }), records: [{ k: 'note' }, { k: 'note' }] },
      ]) {
        const answer = await handOver(agent, 'n1', key, wrong);
        assert.ok(!answer.ok && answer.code === 'refused', JSON.stringify(answer));
      }
      const gap = [{ n: 1, to: 4, at: 0, k: 'damaged' }, ...batchOf(4, 5).records];
      const answer = await handOver(agent, 'n1', key, { ...batchOf(0, 5, { run }), records: gap });
      assert.ok(answer.ok && answer.last === 5, 'what is damaged stands for several');
      assert.equal((await stored(hub, run)).length, 2);
    });

    it('are refused where they are too large, of another journal, or of another test than those before', async () => {
      const run = 'forged';
      const note = (n: number, length: number) => ({
        n,
        at: 1,
        k: 'note',
        topic: 'x'.repeat(length),
        data: {},
      });
      const created = { n: 1, at: 1, k: 'created', run, test: 't1', node: 'n1', journal: 'j1' };
      for (const records of [
        [note(1, 40_000)],
        [note(1, 30_000), note(2, 30_000), note(3, 30_000)],
        [{ ...created, node: 'n2' }],
        [{ ...created, run: 'r1' }],
        [{ ...created, journal: 'j2' }],
      ]) {
        const wrong = { ...batchOf(0, records.length, { run }), records };
        const answer = await handOver(agent, 'n1', key, wrong);
        assert.ok(!answer.ok && answer.code === 'refused', JSON.stringify(answer));
      }
      const good = await handOver(agent, 'n1', key, { ...batchOf(0, 1, { run }), records: [created] });
      assert.ok(good.ok && good.last === 1, JSON.stringify(good));
      const other = await hand(1, 2, { run, test: 't2' });
      assert.ok(!other.ok && other.code === 'refused', JSON.stringify(other));
      assert.ok((await hand(1, 2, { run })).ok);
      assert.equal(await checkNumbers(hub, run), 2);
    });

    it('go through two hubs, now this and now that, which do not know of each other', async () => {
      keep(await nats.hub());
      const run = 'turns';
      for (let last = 1; last <= 20; last++) {
        const answer = await hand(last - 1, last, { run });
        assert.ok(answer.ok && answer.last === last, `${last}: ${JSON.stringify(answer)}`);
      }
      // both may believe that the same message is the last: one of them is told the truth by the server
      const all = await Promise.all(Array.from({ length: 16 }, () => hand(20, 21, { run })));
      for (const answer of all) assert.ok(answer.ok && answer.last === 21, JSON.stringify(answer));
      assert.equal(await checkNumbers(hub, run), 21);
    });

    it('are a node\u2019s own: nobody hands over for another, and nobody but a hub writes to the stream', async () => {
      await assert.rejects(handOver(agent, 'n2', key, batchOf(0, 1, { run: 'foreign' })), {
        code: 'BUS_FORBIDDEN',
      });
      assert.throws(() => agent.chain(subjects.results), { code: 'BUS_FORBIDDEN' });
      agent.publish(
        subjects.results,
        { run: 'foreign', node: 'n1', journal: 'j1' },
        { ...batchOf(0, 1), v: 1 },
      );
      await hand(0, 1, { run: 'own' });
      assert.equal((await stored(hub, 'foreign')).length, 0);
    });

    it('of a closed run are not needed any more, which an agent is told when it asks', async () => {
      await hand(0, 2, { run: 'over' });
      await closeRun(hub, 'over', 'a test');
      await closeRun(hub, 'over', 'a test');
      const answer = await hand(0, 0, { run: 'over' });
      assert.ok(answer.ok && answer.closed);
      assert.equal((await stored(hub, 'over')).length, 2, 'what was handed over stays');
    });

    it('are read by those who look on as well, page by page', async () => {
      const run = 'pages';
      for (let after = 0; after < 150; after++) await hand(after, after + 1, { run });
      const watcher = await nats.watcher();
      assert.equal(await checkNumbers(watcher, run), 150);
    });
  });
}
