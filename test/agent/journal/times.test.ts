import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../support/nats.js';
import { inDirectory, openShelf, recordsOf, someTest } from './stage.js';

const dayMs = 86_400_000;

test('a test that is to start in a month waits for it, also when its agent was started anew', async () => {
  await inDirectory(async (directory) => {
    const first = await openShelf(directory);
    const armed = await first.create(someTest());
    await armed.arm({ t0: 1, startAt: Date.now() + 30 * dayMs, offset: 0, error: 1 });
    await sleep(50);
    assert.equal(armed.state, 'armed');
    await first.close();
    const shelf = await openShelf(directory);
    await sleep(50);
    assert.deepEqual(
      shelf.all().map(({ state }) => state),
      ['armed'],
    );
    await shelf.close();
  });
});

test('a test of three months runs on', async () => {
  await inDirectory(async (directory) => {
    const shelf = await openShelf(directory);
    const journal = await shelf.create(someTest({ sendMs: 90 * dayMs }));
    await journal.arm({ t0: 1, startAt: Date.now(), offset: 0, error: 1 });
    await until('it runs', () => journal.state === 'running');
    await sleep(100);
    assert.equal(journal.state, 'running');
    assert.ok((await recordsOf(journal)).every(({ k }) => k !== 'ended'));
    await shelf.close();
  });
});
