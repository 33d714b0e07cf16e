import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import type { Journal } from '../../../src/agent/journal/journal.js';
import { compiledRoot, run } from '../../support/processes.js';
import { hookedFiles, systemError } from './faulty-files.js';
import { inDirectory, openShelf, recordsOf, running, send, someHash } from './stage.js';

/** Checks that a test failed, that all it was promised is there, and that the journal says why; gives its last record. */
async function checkFailed(journal: Journal, code: string, promised: number) {
  assert.equal(journal.state, 'failed');
  assert.equal(journal.snapshot().context.error?.code, code);
  const records = await recordsOf(journal);
  const intents = records.filter(({ k }) => k === 'intent');
  assert.equal(intents.length, promised);
  const last = records.at(-1);
  assert.ok(last?.k === 'failed' && last.code === code);
  assert.equal(last.counts.intents, promised);
  return last;
}

for (const [what, code, failing] of [
  ['a disk without room', 'DISK_FULL', systemError('ENOSPC')],
  ['a disk that fails', 'JOURNAL_UNWRITABLE', systemError('EIO')],
] as const) {
  for (const operation of ['write', 'datasync'] as const) {
    test(`${what} at ${operation} fails the test, which says so, and loses nothing that was safe`, async () => {
      await inDirectory(async (directory) => {
        let broken = false;
        const files = hookedFiles((phase, now) => {
          if (!broken || phase !== 'before' || now !== operation) return;
          broken = false;
          throw failing;
        });
        const shelf = await openShelf(directory, { files });
        const journal = await running(shelf);
        await send(journal, 1, 10);
        await journal.flushed();
        broken = true;
        const tries = [11, 12, 13].map((seq) => journal.intend({ seq, due: 1, size: 1, hash: someHash }));
        const told = await Promise.allSettled(tries);
        for (const each of told) assert.ok(each.status === 'rejected' && each.reason.code === code);
        await journal.finish();
        const last = await checkFailed(journal, code, 10);
        assert.equal(last.lost, 3);
        await assert.rejects(journal.intend({ seq: 14, due: 1, size: 1, hash: someHash }), {
          code: 'TEST_STATE',
        });
        await shelf.close();
        const again = await openShelf(directory);
        const [found] = again.all();
        assert.ok(found !== undefined);
        await checkFailed(found, code, 10);
        await again.close();
      });
    });
  }
}

test('a journal as large as it may be fails its test', async () => {
  await inDirectory(async (directory) => {
    const shelf = await openShelf(directory, { limits: { journalBytes: 20_000, segmentBytes: 6000 } });
    const journal = await running(shelf);
    let promised = 0;
    await assert.rejects(
      (async () => {
        for (; promised < 1000; promised++) await send(journal, promised + 1, promised + 1, true);
      })(),
      { code: 'JOURNAL_TOO_LARGE' },
    );
    await journal.finish().catch(() => {});
    assert.ok(promised > 20);
    await checkFailed(journal, 'JOURNAL_TOO_LARGE', promised);
    await shelf.close();
  });
});

test('a file system of half a megabyte that is full fails the test, and all that was promised is on it', async () => {
  const directory = join(tmpdir(), `postern-full-${process.pid}`);
  await mkdir(directory);
  try {
    const script = join(compiledRoot, 'test/agent/journal/fill-disk.js');
    const inside = `mount -t tmpfs -o size=512k tmpfs "$1" && exec "$2" "$3" "$1"`;
    const asRoot = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
    const args = [...asRoot, 'sh', '-c', inside, 'sh', directory, process.execPath, script];
    const { code, stdout, stderr } = await run('unshare', args);
    assert.equal(code, 0, `a mount namespace is needed, as unshare(1) makes it: ${stderr}`);
    const report = z
      .object({
        state: z.string(),
        promised: z.number(),
        code: z.string(),
        found: z.number(),
        last: z.string(),
      })
      .parse(JSON.parse(stdout));
    assert.ok(report.promised > 500, stdout);
    assert.deepEqual(report, {
      ...{ state: 'failed', code: 'DISK_FULL', last: 'failed' },
      promised: report.promised,
      found: report.promised,
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
