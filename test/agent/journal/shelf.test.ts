import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { diskFiles, type JournalFiles } from '../../../src/agent/journal/files.js';
import { filesOf, inDirectory, openShelf, someTest } from './stage.js';

test('a journal that cannot be read stays on disk, also when its test is asked for again', async () => {
  await inDirectory(async (directory) => {
    const before = await openShelf(directory);
    const journal = await before.create(someTest());
    const now = Date.now();
    await journal.arm({ t0: now, startAt: now + 3_600_000, offset: 0, error: 1 });
    await before.close();
    const path = join(filesOf(directory), '0000000001.records');
    const bytes = await readFile(path);
    bytes[30] = (bytes[30] ?? 0) ^ 1; // in the first record
    await writeFile(path, bytes);

    const shelf = await openShelf(directory);
    assert.deepEqual(shelf.all(), []);
    await assert.rejects(shelf.create(someTest()), { code: 'JOURNAL_UNREADABLE' });
    assert.deepEqual(await readFile(path), bytes);
    await shelf.create(someTest({ test: 't2' }));
    await shelf.close();
  });
});

test('tests that are being made count among the most that an agent keeps', async () => {
  await inDirectory(async (directory) => {
    let made = () => {};
    const released = new Promise<void>((resolve) => {
      made = resolve;
    });
    const files: JournalFiles = {
      ...diskFiles,
      create: async (path) => {
        await released;
        return diskFiles.create(path);
      },
    };
    const shelf = await openShelf(directory, { files, mostJournals: 3 });
    const asked = [1, 2, 3, 4, 5].map((k) => shelf.create(someTest({ test: `t${k}` })));
    const again = shelf.create(someTest());
    made();
    const answers = await Promise.allSettled(asked);
    assert.deepEqual(
      answers.map((answer) => (answer.status === 'fulfilled' ? 'made' : answer.reason.code)),
      ['made', 'made', 'made', 'TOO_MANY_TESTS', 'TOO_MANY_TESTS'],
    );
    await assert.rejects(shelf.create(someTest({ test: 't4' })), {
      message: /^this agent keeps 3 tests already, and none of them may be forgotten: .* closed/,
    });
    assert.equal((await again).created.test, 't1', 'the same test is no other one');
    await shelf.close();
  });
});

test('where there is no room the one that may be spared is removed, and several that come at once each get a place', async () => {
  await inDirectory(async (directory) => {
    const shelf = await openShelf(directory, { mostJournals: 3 });
    for (const test of ['t1', 't2', 't3']) await shelf.create(someTest({ test }));
    const asked = (): Promise<unknown>[] => ['t4', 't5'].map((test) => shelf.create(someTest({ test })));
    for (const refused of asked()) await assert.rejects(refused, { code: 'TOO_MANY_TESTS' });

    const gone: string[] = [];
    shelf.onGone(({ created }) => gone.push(created.test));
    shelf.onFull(async (journals) => journals.find(({ created }) => /^t[12]$/.test(created.test)));
    await Promise.all(asked());
    assert.deepEqual(gone, ['t1', 't2']);
    assert.deepEqual(
      shelf
        .all()
        .map(({ created }) => created.test)
        .sort(),
      ['t3', 't4', 't5'],
    );
    assert.deepEqual((await diskFiles.list(join(directory, 'runs/r1'))).sort(), ['t3', 't4', 't5']);
    await assert.rejects(shelf.create(someTest({ test: 't6' })), { code: 'TOO_MANY_TESTS' });
    await assert.rejects(shelf.create(someTest({ test: '../t7' })), { code: 'RECORD_INVALID' });
    await shelf.close();
    assert.deepEqual((await openShelf(directory)).all().length, 3);
  });
});

test('a removal that a kill cuts off anywhere leaves nothing that is taken for a journal, and is ended later', async () => {
  for (const run of ['r1', 'another']) {
    await inDirectory(async (directory) => {
      const shelf = await openShelf(directory);
      await shelf.create(someTest());
      await shelf.close();
      let renamed = false;
      const files: JournalFiles = {
        ...diskFiles,
        rename: async (path, to) => {
          await diskFiles.rename(path, to);
          renamed = true;
        },
        remove: async (path) => {
          // the process ends here
          if (renamed) throw new Error('killed');
          await diskFiles.remove(path);
        },
      };
      const dying = await openShelf(directory, { files, mostJournals: 1 });
      dying.onFull(async ([journal]) => journal);
      if (run === 'r1') await assert.rejects(dying.closeRun('r1'), { message: 'killed' });
      else await assert.rejects(dying.create(someTest({ run })), { message: 'killed' });
      await dying.close();

      const again = await openShelf(directory);
      assert.deepEqual(again.all(), []);
      const names = [
        ...(await diskFiles.list(join(directory, 'runs'))),
        ...(await diskFiles.list(join(directory, 'runs/r1'))),
      ];
      assert.deepEqual(names, run === 'r1' ? [] : ['r1']);
      await again.create(someTest());
      await again.close();
    });
  }
});

test('a test that is being made when its run is closed is closed with it', async () => {
  await inDirectory(async (directory) => {
    const shelf = await openShelf(directory);
    const making = shelf.create(someTest());
    const gone: string[] = [];
    shelf.onGone(({ created }) => gone.push(created.test));
    await shelf.closeRun('r1');
    await making;
    assert.deepEqual(shelf.all(), []);
    assert.deepEqual(gone, ['t1']);
    assert.deepEqual(await diskFiles.list(join(directory, 'runs')), []);
    await shelf.close();
  });
});
