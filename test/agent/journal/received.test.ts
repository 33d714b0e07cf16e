import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Journal } from '../../../src/agent/journal/journal.js';
import { inDirectory, openShelf, recordsOf, running } from './stage.js';

/** How the last readings of a journal ended. */
async function readings(journal: Journal) {
  const records = await recordsOf(journal);
  return records.flatMap((record) =>
    record.k === 'final' ? [{ complete: record.complete, messages: record.messages, sub: record.sub }] : [],
  );
}

test('a message counts as received once, live, doubled or in the last reading, and after a restart', async () => {
  await inDirectory(async (directory) => {
    const shelf = await openShelf(directory);
    const journal = await running(shelf);
    const came = { k: 'receipt', sub: 1, test: 't1', from: 'n2' } as const;
    await journal.tell({ ...came, how: 'live', id: 'a', seq: 1 });
    await journal.tell({ ...came, how: 'live', id: 'b', seq: 2 });
    await journal.tell({ ...came, how: 'live', id: 'again', seq: 2 });
    await journal.tell({ ...came, how: 'live', id: 'c', from: 'n3', seq: 2 });
    await journal.tell({ k: 'receipt', how: 'live', id: 'unread', sub: 1 });
    for (const id of ['a', 'unread']) await journal.tell({ ...came, how: 'final', id, seq: 1 });
    await journal.tell({ k: 'receipt', how: 'final', id: 'unread', sub: 1 });
    assert.equal(journal.snapshot().context.received, 4);
    await shelf.close();

    const again = await openShelf(directory);
    const [found] = again.all();
    assert.ok(found !== undefined);
    await found.tell({ ...came, how: 'final', id: 'b', seq: 2 });
    await found.tell({ ...came, how: 'final', id: 'd', seq: 3 });
    assert.equal(found.snapshot().context.received, 5);
    await again.close();
  });
});

test('a test whose last reading did not end says that it is not complete, and one whose reading ended does not', async () => {
  await inDirectory(async (directory) => {
    const shelf = await openShelf(directory);
    const journal = await running(shelf);
    await journal.tell({ k: 'receipt', how: 'live', id: 'a', sub: 3 });
    await journal.tell({ k: 'receipt', how: 'final', id: 'a', sub: 3 });
    await journal.stop('somebody', 'enough');
    await journal.finish();
    assert.deepEqual(await readings(journal), [{ complete: false, messages: 1, sub: 3 }]);

    const other = await running(shelf, { test: 't2' });
    await other.tell({ k: 'final', sub: 1, complete: true, messages: 7 });
    await other.stop('somebody', 'enough');
    await other.finish();
    assert.deepEqual(await readings(other), [{ complete: true, messages: 7, sub: 1 }]);
    await shelf.close();
  });
});

test('a test that was over before its agent came back was not read; calls are never read', async () => {
  await inDirectory(async (directory) => {
    const shelf = await openShelf(directory);
    const journal = await running(shelf, { settleMs: 30 });
    await journal.tell({ k: 'receipt', how: 'final', id: 'a', sub: 1 });
    const calls = await running(shelf, { test: 't2', settleMs: 30, spec: { type: 'call' } });
    for (const one of [journal, calls]) await one.endSends();
    await shelf.close();
    await new Promise((over) => setTimeout(over, 40));

    const again = await openShelf(directory);
    const [texts, called] = ['t1', 't2'].map((name) => again.get('r1', name));
    assert.ok(texts !== undefined && called !== undefined);
    for (const one of [texts, called]) {
      if (one.state === 'draining') await one.finish();
      assert.equal(one.state, 'finished');
    }
    assert.deepEqual(await readings(texts), [{ complete: false, messages: 0, sub: 1 }]);
    assert.deepEqual(await readings(called), []);
    await again.close();
  });
});
