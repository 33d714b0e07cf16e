import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Journal } from '../../../src/agent/journal/journal.js';
import { armOnce, startOnce, stopOnce } from '../../../src/agent/tests/once.js';
import { inDirectory, openShelf, recordsOf, someTest } from '../journal/stage.js';

const t0 = Date.UTC(2030, 0, 1);
const arming = { t0, startAt: t0 - 5, offset: 5, error: 1 };
const kinds = async (journal: Journal): Promise<string[]> =>
  (await recordsOf(journal)).map(({ k }) => k).filter((k) => !['created', 'boot', 'final'].includes(k));
const refused = { code: 'TEST_STATE' };

/** A test that was just made; given a second time as an agent finds it that was started again. */
function withTest(use: (journal: Journal, reopened: () => Promise<Journal>) => Promise<void>): Promise<void> {
  return inDirectory(async (directory) => {
    let shelf = await openShelf(directory);
    const journal = await shelf.create(someTest());
    try {
      await use(journal, async () => {
        await shelf.close();
        shelf = await openShelf(directory);
        return shelf.get('r1', 't1') ?? assert.fail('the test is gone');
      });
    } finally {
      await shelf.close();
    }
  });
}

describe('a test that is asked the same again', () => {
  test('is armed once for one time, in whatever state it is then, and for no other', () =>
    withTest(async (journal, reopened) => {
      // both at once: the second finds it armed, and answers when that is safe
      await Promise.all([armOnce(journal, arming), armOnce(journal, arming)]);
      await armOnce(journal, { ...arming, startAt: t0 - 7, offset: 7, error: 2 });
      assert.deepEqual(await kinds(journal), ['armed']);
      assert.equal(journal.snapshot().context.startAtMs, t0 - 5);
      await assert.rejects(armOnce(journal, { ...arming, t0: t0 + 1 }), {
        ...refused,
        message:
          "the test 't1' of the run 'r1' was armed for 2030-01-01T00:00:00.000Z, and cannot be armed for 2030-01-01T00:00:00.001Z",
      });
      const again = await reopened();
      await armOnce(again, arming);
      await assert.rejects(armOnce(again, { ...arming, t0: t0 + 1 }), refused);
      await again.begin();
      await armOnce(again, arming);
      await again.stop('somebody', 'enough');
      await again.finish();
      await armOnce(again, arming);
      await assert.rejects(armOnce(again, { ...arming, t0: t0 + 1 }), refused);
      assert.deepEqual(await kinds(again), ['armed', 'started', 'stopping', 'finished']);
    }));

  test('is not armed when it was stopped before', () =>
    withTest(async (journal) => {
      await stopOnce(journal, '');
      await assert.rejects(armOnce(journal, arming), {
        ...refused,
        message:
          "the test 't1' of the run 'r1' is draining, and cannot be armed for 2030-01-01T00:00:00.000Z",
      });
    }));

  test('is started once, and not again when it was stopped', () =>
    withTest(async (journal, reopened) => {
      await startOnce(journal, t0);
      await startOnce(journal, t0 + 1);
      await startOnce(journal, t0 + 2);
      assert.equal(journal.state, 'running');
      assert.deepEqual(await kinds(journal), ['armed', 'started']);
      const again = await reopened();
      await startOnce(again, t0 + 3);
      await stopOnce(again, '');
      await assert.rejects(startOnce(again, t0 + 4), refused);
      await again.finish();
      await assert.rejects(startOnce(again, t0 + 5), refused);
    }));

  test('stays as it is when it has ended by itself and is started or stopped again', () =>
    withTest(async (journal) => {
      await armOnce(journal, arming);
      await startOnce(journal, t0);
      await journal.endSends();
      await startOnce(journal, t0 + 1);
      await stopOnce(journal, 'enough');
      await journal.finish();
      await startOnce(journal, t0 + 1);
      await stopOnce(journal, 'enough');
      assert.equal(journal.state, 'finished');
      assert.deepEqual(await kinds(journal), ['armed', 'started', 'ended', 'finished']);
    }));

  test('is stopped once, with the first reason', () =>
    withTest(async (journal, reopened) => {
      await startOnce(journal, t0);
      await stopOnce(journal, 'enough');
      await stopOnce(await reopened(), 'more than enough');
      assert.equal(journal.snapshot().context.stop?.reason, 'enough');
    }));
});
