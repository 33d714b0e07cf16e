import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertWell, disturbed, held, heldWhileDisturbed, runUntil } from './takeover.js';

const all = [
  ...Object.keys(held).map((state) => ({ state, text: undefined, told: '' })),
  ...Object.keys(heldWhileDisturbed).map((state) => ({
    ...{ state, text: disturbed, told: ', with faults while members join,' },
  })),
];
for (const { state, text, told } of all) {
  for (const blow of ['SIGKILL', 'SIGSTOP'] as const) {
    test(`${blow} of a controller whose run${told} is ${state} changes nothing`, async () => {
      const { rehearsal, first, second, entry, release } = await runUntil(state, text);
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
