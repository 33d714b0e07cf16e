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
      message: /^this agent keeps 3 tests already: .* closed, .* removed/,
    });
    assert.equal((await again).created.test, 't1', 'the same test is no other one');
    await shelf.close();
  });
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
