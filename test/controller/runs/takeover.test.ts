import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertWell, runUntil } from './takeover.js';

for (const state of ['grouping', 'main.running']) {
  test(`a controller that is killed while its run is ${state} is taken over from`, async () => {
    const { rehearsal, first, second, entry, release } = await runUntil(state);
    try {
      await first.stop('SIGKILL');
      release();
      const ended = await assertWell(rehearsal, entry, second);
      assert.equal(ended.lease.term, 2);
    } finally {
      release();
      await rehearsal.close();
    }
  });
}

test('a controller that stands still, is taken over from and wakes up again harms nothing', async () => {
  const { rehearsal, first, second, entry, release } = await runUntil('main.arming');
  try {
    first.process.signal('SIGSTOP');
    const taken = await rehearsal.when('r1', ({ lease }) => lease.term === 2);
    assert.notEqual(taken.lease.controller, entry.lease.controller);
    release();
    await rehearsal.when('r1', ({ phases }) => phases.some(({ state }) => state === 'main.running'));
    first.process.signal('SIGCONT');
    const ended = await assertWell(rehearsal, entry, second);
    assert.equal(ended.lease.controller, taken.lease.controller);
    assert.equal(ended.lease.term, 2);
  } finally {
    release();
    await rehearsal.close();
  }
});
