import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertWell, held, runUntil } from './takeover.js';

for (const state of Object.keys(held)) {
  for (const blow of ['SIGKILL', 'SIGSTOP'] as const) {
    test(`${blow} of a controller whose run is ${state} changes nothing`, async () => {
      const { rehearsal, first, second, entry, release } = await runUntil(state);
      try {
        if (blow === 'SIGKILL') await first.stop('SIGKILL');
        else first.process.signal('SIGSTOP');
        await rehearsal.when('r1', ({ lease }) => lease.term === 2);
        release();
        first.process.signal('SIGCONT');
        const ended = await assertWell(rehearsal, entry, second);
        assert.equal(ended.lease.term, 2);
      } finally {
        release();
        await rehearsal.close();
      }
    });
  }
}
