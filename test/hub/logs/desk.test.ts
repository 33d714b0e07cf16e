import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { uploadFile } from '../../../src/agent/logs/upload-file.js';
import { largestLogPart, smallestLogPart } from '../../../src/bus/log-messages.js';
import { PosternError } from '../../../src/errors.js';
import { logsConfig } from '../../../src/hub/logs/config.js';
import { Ledger, openName } from '../../../src/hub/logs/ledger.js';
import { natsServers, startTestNats, type TestNats, until } from '../../support/nats.js';
import { askerOf, type Desk, deskOf, noise, readAll, sha256 } from './stage.js';

const signal = new AbortController().signal;
const silent = () => {};

for (const binary of await natsServers()) {
  describe(`files that agents bring, on nats-server ${binary.version}`, () => {
    let nats: TestNats;
    let desks: Desk[];
    const at = (index: number): Desk => {
      const desk = desks[index];
      assert.ok(desk);
      return desk;
    };
    const known = (key: string) => until(`${key} is known`, () => at(0).ledger.readable(key) !== undefined);
    before(async () => {
      nats = await startTestNats(binary);
      const limits = { fileBytes: 3_000_000, uploadBytes: 4_000_000, nodeBytes: 5_000_000, bytes: 6_000_000 };
      desks = [await deskOf(await nats.hub(), limits), await deskOf(await nats.hub(), limits)];
    });
    after(async () => {
      for (const desk of desks) desk.stop();
      await nats.stop();
    });

    it('arrive whole by way of two hubs, though messages and answers are lost, and no part that was answered comes twice', async () => {
      const { bytes, source } = noise(2_000_000);
      const place = { folder: 'f', name: 'lossy', file: 'a.log' };
      const asks = desks.map((desk) => askerOf(desk, place));
      let [turn, answered] = [0, 0];
      const link = await uploadFile(
        source,
        async (step) => {
          turn++;
          // the same one twice, so that a step comes again to the hub that has taken it, and to the other
          const ask = asks[Math.floor((turn + 1) / 2) % 2];
          assert.ok(ask);
          if (turn % 5 === 0) throw new PosternError('NO_ANSWER', 'the message is lost');
          if (step.kind === 'part') assert.ok(step.at >= answered, `${step.at} was answered already`);
          const answer = await ask(step);
          if (turn % 7 === 0) throw new PosternError('NO_ANSWER', 'the answer is lost');
          if (answer.ok) answered = answer.have;
          return answer;
        },
        silent,
        signal,
      );
      assert.equal(link, '/logs/test-run-f/lossy/a.log');
      await known('test-run-f/lossy/a.log');
      const entry = at(0).ledger.readable('test-run-f/lossy/a.log');
      assert.equal(entry?.pieces, Math.ceil(bytes.length / largestLogPart), 'each part is there once');
      for (const from of [0, 1, 262_143, 262_144, 1_999_999, 2_000_000]) {
        const read = await readAll(at(0), 'test-run-f/lossy/a.log', from);
        assert.equal(sha256(read), sha256(bytes.subarray(from)), `from ${from}`);
      }
    });

    it('go on where they stopped, in the length that they had then', async () => {
      const { bytes } = noise(1_000_000);
      const ask = askerOf(at(0), { folder: 'f', name: 'grown', file: 'a.log' });
      const source = (size: number) => ({
        size: async () => size,
        read: async (from: number, length: number) => bytes.subarray(from, Math.min(size, from + length)),
      });
      let parts = 0;
      const killed = uploadFile(
        source(800_000),
        async (step) => {
          if (step.kind === 'part' && ++parts > 2) throw new Error('killed');
          return ask(step);
        },
        silent,
        signal,
      );
      await assert.rejects(killed, /killed/);
      const sent: number[] = [];
      await uploadFile(
        source(1_000_000),
        (step) => {
          if (step.kind === 'part') sent.push(step.at);
          return ask(step);
        },
        silent,
        signal,
      );
      assert.deepEqual(sent, [2 * largestLogPart, 3 * largestLogPart]);
      await known('test-run-f/grown/a.log');
      assert.equal(
        sha256(await readAll(at(0), 'test-run-f/grown/a.log')),
        sha256(bytes.subarray(0, 800_000)),
      );
    });

    it('are replaced when the new one is whole, and not before', async () => {
      const place = { folder: 'f', name: 'twice', file: 'a.log' };
      const key = 'test-run-f/twice/a.log';
      const ask = askerOf(at(0), place);
      const [old, next] = [noise(300_000), noise(310_000)];
      await uploadFile(old.source, ask, silent, signal);
      await known(key);
      await ask({ kind: 'begin', size: next.bytes.length, sha256: sha256(next.bytes) });
      assert.equal(sha256(await readAll(at(0), key)), sha256(old.bytes));
      await uploadFile(next.source, ask, silent, signal);
      await until('it is the new one', () => at(1).ledger.readable(key)?.sha256 === sha256(next.bytes));
      assert.equal(sha256(await readAll(at(1), key)), sha256(next.bytes));
    });

    it('are thrown away where they are not what was begun', async () => {
      const ask = askerOf(at(0), { folder: 'f', name: 'forged', file: 'a.log' });
      const wrong = sha256(Buffer.from('other'));
      await ask({ kind: 'begin', size: 5, sha256: wrong });
      const data = Buffer.from('hello').toString('base64');
      assert.ok((await ask({ kind: 'part', sha256: wrong, at: 0, data, gzip: false })).ok);
      const end = await ask({ kind: 'end', sha256: wrong });
      assert.ok(!end.ok && end.code === 'changed', JSON.stringify(end));
      const now = await ask({ kind: 'ask' });
      assert.ok(now.ok && now.state === 'none');
    });

    it('of one node cannot be touched by another', async () => {
      const place = { folder: 'f', name: 'mine', file: 'a.log' };
      await uploadFile(noise(1_000).source, askerOf(at(0), place), silent, signal);
      const steps = [
        { kind: 'ask' },
        { kind: 'begin', size: 5, sha256: '0'.repeat(64) },
        { kind: 'end', sha256: '0'.repeat(64) },
      ] as const;
      for (const step of steps) {
        const answer = await askerOf(at(1), place, 'n2')(step);
        assert.ok(!answer.ok && answer.code === 'refused', JSON.stringify(answer));
      }
    });

    it('are no larger than they were begun, and no part is larger than parts are', async () => {
      const ask = askerOf(at(0), { folder: 'f', name: 'bomb', file: 'a.log' });
      const sum = sha256(Buffer.alloc(10));
      await ask({ kind: 'begin', size: 10, sha256: sum });
      const bomb = gzipSync(Buffer.alloc(largestLogPart + 1)).toString('base64');
      const long = Buffer.alloc(11).toString('base64');
      for (const part of [
        { data: bomb, gzip: true },
        { data: long, gzip: false },
        { data: long, gzip: true },
        { data: '', gzip: false },
      ]) {
        const answer = await ask({ kind: 'part', sha256: sum, at: 0, ...part });
        assert.ok(!answer.ok && answer.code === 'refused', JSON.stringify(answer));
      }
      const there = await ask({ kind: 'ask' });
      assert.ok(there.ok && there.have === 0 && there.state === 'open');
    });

    it('do not come in crumbs, each of which would take far more room than it counts', async () => {
      const { bytes } = noise(20_000);
      const sum = sha256(bytes);
      const ask = askerOf(at(0), { folder: 'f', name: 'crumbs', file: 'a.log' });
      await ask({ kind: 'begin', size: bytes.length, sha256: sum });
      const send = (from: number, to: number) => {
        const data = bytes.subarray(from, to).toString('base64');
        return ask({ kind: 'part', sha256: sum, at: from, data, gzip: false });
      };
      for (const to of [1, smallestLogPart - 1]) {
        const answer = await send(0, to);
        assert.ok(!answer.ok && answer.code === 'changed', JSON.stringify(answer));
      }
      assert.ok((await send(0, smallestLogPart)).ok);
      assert.ok((await send(smallestLogPart, bytes.length - 1)).ok);
      const last = await send(bytes.length - 1, bytes.length);
      assert.ok(last.ok && last.have === bytes.length, 'the last part is as small as it is');
    });

    it('are not begun and given up without end, as each is remembered for a while', async () => {
      const limits = { ...logsConfig.parse({}), bytes: 10_000 };
      const gone = { v: 1, node: 'n9', size: 1, atMs: 0, state: 'gone', pieces: 0 } as const;
      const ledger = new Ledger(
        {
          watch: (listener) => {
            for (let i = 0; i < 20_000; i++)
              listener(openName(`test-run-f/x/${i}`), { ...gone, id: 'x'.repeat(8), sha256: '0'.repeat(64) });
            return { ready: Promise.resolve(), stop: () => {} };
          },
        },
        limits,
      );
      const place = { folder: 'f', name: 'x', file: 'next' };
      assert.throws(() => ledger.assertRoom('n9', 'test-run-f/x/next', place, 1), { code: 'STORE_FULL' });
      assert.doesNotThrow(() => ledger.assertRoom('n8', 'test-run-f/x/next', place, 1));
      assert.doesNotThrow(() => ledger.assertRoom('n9', 'test-run-f/x/7', place, 1), 'it takes no more room');
    });

    it('have limits for a file, an upload, a node and all together', async () => {
      const begin = (node: string, name: string, file: string, size: number) =>
        askerOf(
          at(0),
          { folder: 'limits', name, file },
          node,
        )({ kind: 'begin', size, sha256: '1'.repeat(64) });
      const full = async (answer: ReturnType<typeof begin>, why: RegExp) => {
        const got = await answer;
        assert.ok(!got.ok && got.code === 'full', JSON.stringify(got));
        assert.match(got.message, why);
      };
      const taken = async (answer: ReturnType<typeof begin>, name: string) => {
        assert.ok((await answer).ok);
        await until('it is counted', () => [...at(0).ledger.all()].some(([key]) => key.includes(name)));
      };
      await full(begin('n3', 'big', 'a', 3_000_001), /of one file/);
      await taken(begin('n3', 'u', 'a', 2_500_000), '/u/a');
      await full(begin('n3', 'u', 'b', 1_600_000), /the upload/);
      await full(begin('n3', 'v', 'b', 2_600_000), /'n3'/);
      await full(begin('n4', 'w', 'b', 2_900_000), /all nodes/);
    });

    it('are removed when they are too old, with their pieces and what belongs to nothing', async () => {
      const { shelf, ledger, sweeper } = at(0);
      await shelf.append('stray-stray-stray', { place: 0, bytes: 0, pieces: 0 }, Buffer.from('x'));
      await sweeper.sweep(Date.now());
      assert.ok((await shelf.pieceIds()).includes('stray-stray-stray'), 'it may just have begun');
      await sweeper.sweep(Date.now());
      assert.ok(!(await shelf.pieceIds()).includes('stray-stray-stray'));
      assert.ok(
        (await shelf.pieceIds()).length > 0 && ledger.readable('test-run-f/mine/a.log') !== undefined,
      );
      await sweeper.sweep(Date.now() + 31 * 86_400_000);
      assert.deepEqual(await shelf.pieceIds(), []);
      await until('all hubs know', () =>
        desks.every((desk) => [...desk.ledger.all()].every(([, { state }]) => state === 'gone')),
      );
    });
  });
}
