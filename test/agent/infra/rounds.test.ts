import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ForgottenRound, ForgottenRounds } from '../../../src/agent/infra/forgotten-rounds.js';
import { runOf } from '../../../src/agent/infra/names.js';
import { diskFiles } from '../../../src/agent/journal/files.js';
import { createLogger } from '../../../src/log.js';
import { eventually } from '../../support/processes.js';
import { inDirectory } from '../journal/stage.js';
import { openRounds, type RoundsStage } from './rounds-stage.js';

const asked = { type: 'text', size: 10, intervalSeconds: 60, amount: 2 } as const;
const group = Buffer.alloc(32, 7).toString('base64url');
const signal = new AbortController().signal;
const ref = (n: number) => ({ group, key: `test-${n}` });

/** Begins with rooms for so many tests; `restart` is what a kill and another agent come to. */
async function on(
  most: number,
  work: (
    open: () => Promise<RoundsStage>,
    around: { nowMs: number; logged: string[] },
    directory: string,
  ) => Promise<void>,
): Promise<void> {
  await inDirectory(async (directory) => {
    const around = { nowMs: Date.now(), logged: [] as string[] };
    const log = createLogger('info', {}, { write: (line: string) => void around.logged.push(line) });
    const now = () => around.nowMs;
    await work(() => openRounds(directory, { most, spared: 1, now, log }), around, directory);
  });
}

/** Makes a round that ends at once, later than all before. */
async function ended(stage: RoundsStage, n: number, name: string): Promise<void> {
  await stage.tests.create(ref(n), asked, signal);
  await stage.end(name);
  await sleep(2);
}

interface ToldLine {
  readonly level: string;
  readonly forgotten: number;
  readonly lost: number;
  readonly rounds: readonly ForgottenRound[];
}

/** What the log says of rounds that were forgotten. */
function toldOf(logged: readonly string[]): ToldLine[] {
  return logged.map((line) => JSON.parse(line)).filter(({ msg }) => /are forgotten/.test(msg));
}

describe('rounds of older controllers', () => {
  test('are forgotten when there is no room, the oldest that ended first, with all that is on disk, and it is said', () =>
    on(4, async (open, around, directory) => {
      const stage = await open();
      await stage.tests.create(ref(1), asked, signal);
      await stage.tests.start(ref(1), 0, signal);
      await sleep(2);
      for (const n of [2, 3, 4]) await ended(stage, n, `test-${n}-r1`);
      for (const n of [5, 6]) await ended(stage, n, `test-${n}-r1`);
      const left = ['test-1-r1', 'test-4-r1', 'test-5-r1', 'test-6-r1'];
      assert.deepEqual(stage.names(), left, 'the first one runs');
      const [run = ''] = await diskFiles.list(join(directory, 'tests/runs'));
      assert.deepEqual((await diskFiles.list(join(directory, 'tests/runs', run))).sort(), left);
      await stage.close();
      const said = toldOf(around.logged);
      assert.deepEqual(
        said.flatMap(({ rounds }) =>
          rounds.map(({ run: of, test: name, records, stored }) => [of, name, records > 0, stored]),
        ),
        ['test-2-r1', 'test-3-r1'].map((name) => [run, name, true, 0]),
      );
      assert.ok(said.every(({ level, forgotten, lost }) => level === 'warn' && lost === forgotten));
    }));

  test('are a clear refusal where they run, and the book says what it did before', () =>
    on(3, async (open) => {
      const stage = await open();
      for (const n of [1, 2, 3]) {
        await stage.tests.create(ref(n), asked, signal);
        await stage.tests.start(ref(n), 0, signal);
      }
      await assert.rejects(stage.tests.create(ref(4), asked, signal), {
        code: 'TOO_MANY_TESTS',
        message: /^this agent keeps 3 tests already, and none of them may be forgotten: .* have ended/,
      });
      await assert.rejects(stage.tests.isRunning(ref(4), signal), { code: 'TEST_UNKNOWN' });
      await stage.end('test-2-r1');
      await assert.rejects(
        stage.tests.create(ref(4), asked, signal),
        { code: 'TOO_MANY_TESTS' },
        'the latest stays',
      );
      await stage.end('test-3-r1');
      await stage.tests.create(ref(4), asked, signal);
      assert.deepEqual(stage.names(), ['test-1-r1', 'test-3-r1', 'test-4-r1']);
      await stage.close();
    }));

  test('stay for some minutes after somebody has asked for them', () =>
    on(3, async (open, around) => {
      const stage = await open();
      for (const n of [1, 2, 3]) await ended(stage, n, `test-${n}-r1`);
      assert.equal(await stage.tests.isRunning(ref(1), signal), false);
      await ended(stage, 4, 'test-4-r1');
      assert.deepEqual(stage.names(), ['test-1-r1', 'test-3-r1', 'test-4-r1']);
      for (const { created } of stage.shelf.all()) stage.rounds.asked(created);
      await assert.rejects(stage.tests.create(ref(5), asked, signal), { code: 'TOO_MANY_TESTS' });
      around.nowMs += 5 * 60_000;
      await stage.tests.create(ref(5), asked, signal);
      assert.deepEqual(stage.names(), ['test-3-r1', 'test-4-r1', 'test-5-r1']);
      await stage.close();
    }));

  test('that a hub has stored whole are forgotten before those that it has not', () =>
    on(4, async (open, around) => {
      const stage = await open();
      for (const n of [1, 2, 3]) await ended(stage, n, `test-${n}-r1`);
      await ended(stage, 4, 'test-4-r1');
      stage.stored.add('test-2-r1').add('test-4-r1');
      await ended(stage, 5, 'test-5-r1');
      assert.deepEqual(stage.names(), ['test-1-r1', 'test-3-r1', 'test-4-r1', 'test-5-r1']);
      for (const n of [6, 7]) await ended(stage, n, `test-${n}-r1`);
      assert.deepEqual(stage.names(), ['test-3-r1', 'test-5-r1', 'test-6-r1', 'test-7-r1']);
      await stage.close();
      const said = toldOf(around.logged);
      assert.deepEqual(
        new Map(
          said
            .flatMap(({ rounds }) => rounds)
            .map(({ test: name, stored, records }) => [name, stored === records]),
        ),
        new Map([
          ['test-2-r1', true],
          ['test-4-r1', true],
          ['test-1-r1', false],
        ]),
      );
    }));

  test('are remembered as asked for some minutes only, and tests of other runs are not', () =>
    on(3, async (open, around) => {
      const stage = await open();
      const created = { run: runOf(group), test: 'test-1-r1' };
      for (let at = 0; at < 100; at += 1) stage.rounds.asked({ run: 'mine', test: `t${at}` });
      assert.equal(stage.rounds.remembered, 0);
      for (let at = 0; at < 100; at += 1) stage.rounds.asked({ ...created, test: `test-${at}-r1` });
      assert.equal(stage.rounds.remembered, 100);
      around.nowMs += 4 * 60_000;
      stage.rounds.asked(created);
      around.nowMs += 60_000;
      stage.rounds.asked({ ...created, test: 'test-2-r1' });
      assert.equal(stage.rounds.remembered, 2);
      await stage.close();
    }));

  test('are told apart from tests that others have made, which are never forgotten', () =>
    on(3, async (open) => {
      const stage = await open();
      const spec = { type: 'text', group, size: 1, intervalMs: 1_000, amount: 1 };
      for (const [run, name] of [
        ['mine', 'test-1-r1'],
        ['infra-AAAAAAAAAAAAAAAA', 'test-1-r1'],
      ] as const) {
        await stage.shelf.create({ run, test: name, node: 'n1', settleMs: 1, sendMs: 1, spec });
        for (const journal of stage.shelf.all()) await journal.fail('ENDED', 'a test ends it');
      }
      await ended(stage, 1, 'test-1-r1');
      await assert.rejects(stage.tests.create(ref(2), asked, signal), { code: 'TOO_MANY_TESTS' });
      await stage.close();
    }));

  test('go on being counted after they are forgotten, also by an agent that is started after a kill', () =>
    on(2, async (open) => {
      const stage = await open();
      await ended(stage, 1, 'test-1-r1');
      await ended(stage, 1, 'test-1-r2');
      for (const n of [2, 3]) await ended(stage, n, `test-${n}-r1`);
      assert.deepEqual(stage.names(), ['test-2-r1', 'test-3-r1']);
      await stage.close();

      const again = await open();
      assert.equal(await again.tests.isRunning(ref(1), signal), false);
      await assert.rejects(again.tests.start(ref(1), 0, signal), {
        code: 'TEST_ENDED',
        message: /^test has ended: its round 2 is forgotten, and nothing would be sent; call NewTest first/,
      });
      await again.tests.stop(ref(1), signal);
      await again.tests.create(ref(1), asked, signal);
      assert.deepEqual(again.names(), ['test-3-r1', 'test-1-r3']);
      await again.tests.start(ref(1), 0, signal);
      assert.equal(await again.tests.isRunning(ref(1), signal), true);
      await again.close();
    }));

  test('of receiving are forgotten, too, and the next one has the next number', () =>
    on(2, async (open) => {
      const stage = await open();
      const { group: key, receiving } = { group, receiving: 1 };
      await stage.book.change(key, (page) => ({ ...page, receiving }));
      // made as it is, but for the daemon, which is away
      await assert.rejects(stage.receiving.start(group, AbortSignal.timeout(100)));
      assert.deepEqual(stage.names(), ['receive-r1']);
      await stage.end('receive-r1');
      await sleep(2);
      for (const n of [1, 2]) await ended(stage, n, `test-${n}-r1`);
      assert.deepEqual(stage.names(), ['test-1-r1', 'test-2-r1']);
      assert.deepEqual(stage.book.page(group).receivingForgotten, true);
      await assert.rejects(stage.receiving.start(group, AbortSignal.timeout(100)));
      assert.deepEqual(stage.names(), ['test-2-r1', 'receive-r2']);
      assert.deepEqual(stage.book.page(group).receivingForgotten, undefined);
      await stage.close();
    }));

  test('of more tests than the book of a group holds leave their highest number behind', () =>
    on(3, async (open) => {
      const stage = await open();
      await ended(stage, 1, 'test-1-r1');
      const old = { round: 7, asked, forgotten: true } as const;
      const many = Array.from({ length: 2_000 }, (_, at) => [`test-${at + 10}`, old] as const);
      await stage.book.change(group, (page) => ({
        ...page,
        tests: { ...Object.fromEntries(many), ...page.tests },
      }));
      assert.deepEqual(stage.book.page(group).floor, 7);
      assert.equal(stage.book.page(group).tests['test-10'], undefined);
      await stage.tests.create(ref(10), asked, signal);
      assert.deepEqual(stage.names(), ['test-1-r1', 'test-10-r8']);
      await stage.close();
    }));
});

test('a test that sends nothing any more is not started again, and one that runs goes on', () =>
  on(5, async (open) => {
    const stage = await open();
    await stage.tests.create(ref(1), asked, signal);
    await stage.tests.start(ref(1), 0, signal);
    await stage.tests.start(ref(1), 0, signal);
    await stage.tests.stop(ref(1), signal);
    await assert.rejects(stage.tests.start(ref(1), 0, signal), {
      code: 'TEST_ENDED',
      message: /^test has ended: its round 1 is draining, and nothing would be sent; call NewTest first/,
    });
    await stage.end('test-1-r1');
    await assert.rejects(stage.tests.start(ref(1), 0, signal), {
      code: 'TEST_ENDED',
      message: /round 1 is failed/,
    });
    await stage.tests.create(ref(1), asked, signal);
    await stage.tests.start(ref(1), 0, signal);
    assert.deepEqual(stage.names(), ['test-1-r1', 'test-1-r2']);
    await stage.close();
  }));

test('a test that has just sent all by itself is started once more without an error, as the answer may have been lost', () =>
  on(5, async (open) => {
    const stage = await open();
    await stage.tests.create(ref(1), asked, signal);
    await stage.tests.start(ref(1), 0, signal);
    const journal = stage.shelf.get(runOf(group), 'test-1-r1');
    await eventually('the test runs', () => journal?.state === 'running');
    await journal?.endSends();
    await stage.tests.start(ref(1), 0, signal);
    assert.equal(await stage.tests.isRunning(ref(1), signal), false);
    assert.deepEqual(stage.names(), ['test-1-r1']);
    await journal?.finish();
    assert.equal(journal?.state, 'finished');
    await assert.rejects(stage.tests.start(ref(1), 0, signal), {
      code: 'TEST_ENDED',
      message: /^test has ended: its round 1 is finished/,
    });
    await stage.close();
  }));

test('rounds that are forgotten fast are told in few lines, with all that is lost counted, and the latter named first', () => {
  const logged: string[] = [];
  const told = new ForgottenRounds(
    createLogger('info', {}, { write: (line: string) => void logged.push(line) }),
  );
  const round = { run: 'r', ended: 'finished', records: 3 };
  for (let at = 0; at < 5_000; at += 1) told.tell({ ...round, test: `t${at}`, stored: at === 4_000 ? 2 : 3 });
  told.close();
  told.close();
  assert.deepEqual(
    toldOf(logged).map(({ level, forgotten, lost, rounds }) => [
      level,
      forgotten,
      lost,
      rounds.length,
      rounds[0]?.test,
    ]),
    [
      ['info', 1, 0, 1, 't0'],
      ['warn', 4_999, 1, 50, 't4000'],
    ],
  );
});
