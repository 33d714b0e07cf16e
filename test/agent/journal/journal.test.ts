import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { Journal } from '../../../src/agent/journal/journal.js';
import { testLog, until } from '../../support/nats.js';
import { hookedFiles, type Operation } from './faulty-files.js';
import { filesOf, inDirectory, openShelf, recordsOf, running, send, someHash, someTest } from './stage.js';

test('a test starts and ends by itself at its times, and its last record sums up the others', async () => {
  await inDirectory(async (directory) => {
    const shelf = await openShelf(directory);
    const journal = await shelf.create(someTest({ settleMs: 30, sendMs: 50 }));
    assert.equal(journal.state, 'created');
    const told: Promise<void>[] = [];
    journal.onTransition((snapshot) => {
      if (!snapshot.matches('running')) return;
      told.push(journal.intend({ seq: 1, due: 1, size: 1, hash: someHash }));
      told.push(journal.tell({ k: 'receipt', id: 'x', how: 'live', sub: 1, from: 'n2', seq: 1 }));
    });
    await journal.arm({ t0: 1, startAt: Date.now() + 20, offset: 0, error: 1 });
    await until('it has finished', () => journal.state === 'finished');
    await Promise.all(told);
    const records = await recordsOf(journal);
    const kinds = [
      'created',
      'boot',
      'armed',
      'started',
      'intent',
      'receipt',
      'ended',
      'final',
      'outcome',
      'finished',
    ];
    assert.deepEqual(
      records.map(({ k }) => k),
      kinds,
    );
    assert.deepEqual(
      records.map(({ n }) => n),
      kinds.map((_, index) => index + 1),
    );
    const last = records.at(-1);
    assert.ok(last?.k === 'finished');
    const some = { ok: 0, fail: 0, info: 0, slips: 0, damaged: 0 };
    assert.deepEqual(last.counts, { ...some, records: 9, intents: 1, unknown: 1, receipts: 1 });
    await shelf.close();
  });
});

test('what was on its way when the agent died is unknown, and is not sent again; the test goes on', async () => {
  await inDirectory(async (directory) => {
    const shelf = await openShelf(directory);
    const journal = await running(shelf);
    await send(journal, 1, 3);
    await send(journal, 4, 5, true);
    await shelf.close();

    const again = await openShelf(directory);
    const [found] = again.all();
    assert.ok(found !== undefined);
    assert.equal(found.state, 'running');
    const { results, open, lastSeq, boots } = found.snapshot().context;
    assert.deepEqual(
      { ...results, open, lastSeq, boots },
      { ok: 3, fail: 0, info: 0, unknown: 2, open: 0, lastSeq: 5, boots: 2 },
    );
    await assert.rejects(found.intend({ seq: 5, due: 1, size: 1, hash: someHash }), { code: 'SEQ_TAKEN' });
    await assert.rejects(found.tell({ k: 'outcome', seq: 5, result: 'ok' }), { code: 'SEQ_UNKNOWN' });
    await send(found, 6, 6);
    await found.stop('somebody', 'enough');
    await assert.rejects(found.intend({ seq: 7, due: 1, size: 1, hash: someHash }), { code: 'TEST_STATE' });
    await found.finish();
    assert.equal(found.state, 'stopped');
    await again.close();

    const third = await openShelf(directory);
    assert.equal(third.all()[0]?.state, 'stopped');
    assert.equal(
      (await recordsOf(found)).filter(({ k }) => k === 'boot').length,
      2,
      'nothing is added behind the end',
    );
    await third.close();
  });
});

test('an intent is told only when it is safe on disk, and many become safe at once', async () => {
  await inDirectory(async (directory) => {
    let syncs = 0;
    let held: Promise<void> | undefined;
    const files = hookedFiles((phase, operation) => {
      if (operation !== 'datasync' || phase !== 'before') return;
      syncs++;
      return held;
    });
    const shelf = await openShelf(directory, { files });
    const journal = await running(shelf);
    const { promise, resolve } = deferred();
    held = promise;
    syncs = 0;
    let told = 0;
    const intents = Array.from({ length: 300 }, (_, index) =>
      journal.intend({ seq: index + 1, due: 1, size: 1, hash: someHash }).then(() => void told++),
    );
    await until('it is being made safe', () => syncs === 1);
    assert.equal(told, 0);
    held = undefined;
    resolve();
    await Promise.all(intents);
    assert.ok(syncs <= 3, `${syncs} times for 300 records`);
    await shelf.close();
  });
});

test('who tells more than the disk takes has to wait', async () => {
  await inDirectory(async (directory) => {
    const { promise, resolve } = deferred();
    let held: Promise<void> | undefined;
    const files = hookedFiles((phase, operation) =>
      operation === 'datasync' && phase === 'before' ? held : undefined,
    );
    const shelf = await openShelf(directory, { files, limits: { queueBytes: 10_000 } });
    const journal = await running(shelf);
    held = promise;
    let accepted = 0;
    const telling = (async () => {
      for (; accepted < 1000; accepted++) {
        await journal.tell({ k: 'receipt', id: String(accepted), how: 'live', sub: 1 });
      }
    })();
    await until('it waits', () => accepted > 20);
    const before = accepted;
    await new Promise((tick) => setTimeout(tick, 50));
    assert.equal(accepted, before);
    assert.ok(accepted < 200, `${accepted} were taken`);
    held = undefined;
    resolve();
    await telling;
    await journal.flushed();
    assert.equal(journal.snapshot().context.received, 1000);
    await shelf.close();
  });
});

test('a journal is many files, and is read over all of them', async () => {
  await inDirectory(async (directory) => {
    const shelf = await openShelf(directory, { limits: { segmentBytes: 5000 } });
    const journal = await running(shelf);
    for (let seq = 1; seq <= 100; seq++) await send(journal, seq, seq);
    await journal.flushed();
    assert.ok((await readdir(filesOf(directory))).length > 4);
    const records = await recordsOf(journal);
    assert.deepEqual(
      records.map(({ n }) => n),
      Array.from({ length: 204 }, (_, index) => index + 1),
    );
    await shelf.close();
    const again = await openShelf(directory);
    assert.equal(again.all()[0]?.snapshot().context.results.ok, 100);
    await again.close();
  });
});

test('a reader gives what it was asked for in pieces, from any record on, and nothing behind what is safe', async () => {
  await inDirectory(async (directory) => {
    const shelf = await openShelf(directory, { limits: { segmentBytes: 2000 } });
    const journal = await running(shelf);
    for (let seq = 1; seq <= 30; seq++) await send(journal, seq, seq);
    await journal.flushed();
    const reader = journal.reader();
    for (const [from, upTo] of [
      [1, 64],
      [40, 50],
      [7, 7],
    ] as const) {
      await reader.seek(from);
      const numbers: number[] = [];
      for (;;) {
        const { texts, last } = await reader.read({ bytes: 700, records: 5, upTo });
        if (texts.length === 0) break;
        numbers.push(...texts.map((text) => JSON.parse(text).n));
        assert.equal(last, numbers.at(-1));
      }
      assert.deepEqual(
        numbers,
        Array.from({ length: upTo - from + 1 }, (_, index) => from + index),
      );
    }
    await reader.close();
    await shelf.close();
  });
});

test('one process has the journals, a test is made once, and another of its name is refused', async () => {
  await inDirectory(async (directory) => {
    const shelf = await openShelf(directory);
    await assert.rejects(openShelf(directory), { code: 'DATA_IN_USE' });
    const [one, two] = await Promise.all([shelf.create(someTest()), shelf.create(someTest())]);
    assert.equal(one, two);
    await assert.rejects(shelf.create(someTest({ settleMs: 1 })), { code: 'TEST_EXISTS' });
    await assert.rejects(shelf.create(someTest({ run: '../up' })), { code: 'RECORD_INVALID' });
    await assert.rejects(one.endSends(), { code: 'TEST_STATE' });
    await assert.rejects(one.finish(), { code: 'TEST_STATE' });
    await shelf.closeRun('r1');
    assert.deepEqual(await readdir(`${directory}/runs`), []);
    await shelf.close();
    await assert.rejects(Journal.open({ directory, version: 'x', log: testLog }), {
      code: 'JOURNAL_UNREADABLE',
    });
  });
});

test('a making that failed leaves nothing behind', async () => {
  for (const failing of ['create', 'write', 'datasync', 'syncDirectory'] satisfies Operation[]) {
    await inDirectory(async (directory) => {
      const files = hookedFiles((phase, operation, path) => {
        if (phase === 'before' && operation === failing && path.includes('t1'))
          throw new Error('made by a test');
      });
      const shelf = await openShelf(directory, { files });
      await assert.rejects(shelf.create(someTest()), { code: 'JOURNAL_UNWRITABLE' });
      assert.deepEqual(await readdir(`${directory}/runs/r1`).catch(() => []), []);
      await shelf.close();
    });
  }
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
