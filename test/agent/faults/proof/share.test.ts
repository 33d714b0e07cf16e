import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Expectation, Sight } from '../../../../src/agent/faults/injection.js';
import { atLeast, atMost } from '../../../../src/agent/faults/proof/binomial.js';
import { prove } from '../../../../src/agent/faults/proof/judging.js';
import type { Observed, TimedSight } from '../../../../src/agent/faults/proof/observed.js';
import { Lot } from '../../../../src/lot.js';

/** A fault through which looks come with some probability, looked at on some ways so many times. */
function watched(share: number, seen: readonly number[], looks: number): ReturnType<typeof prove> {
  const expects: Expectation = { sees: 'some', share };
  const sights = (through: number, of: number): TimedSight[] =>
    Array.from({ length: of }, (_, at): TimedSight => ({ through: at < through, ms: 1, atMs: 0 }));
  const silent: Sight = { through: false, ms: 0 };
  return prove(
    seen.map(
      (through, at): Observed => ({
        canary: { path: 'affected', name: `way ${at}`, look: () => Promise.resolve(silent) },
        expects,
        seen: { before: sights(3, 3), during: sights(through, looks), after: sights(40, 40) },
      }),
    ),
  );
}

test('the tails of the binomial distribution are those of its sums', () => {
  assert.ok(Math.abs(atMost(2, 5, 0.5) - 0.5) < 1e-12);
  assert.ok(Math.abs(atMost(0, 10, 0.1) - 0.9 ** 10) < 1e-12);
  assert.ok(Math.abs(atLeast(10, 10, 0.9) - 0.9 ** 10) < 1e-12);
  assert.deepEqual([atMost(0, 5, 0), atLeast(5, 5, 1), atMost(4, 5, 1), atLeast(1, 5, 0)], [1, 1, 0, 0]);
  fc.assert(
    fc.property(
      fc.nat(200),
      fc.nat(200),
      fc.double({ min: 0.001, max: 0.999, noNaN: true }),
      (one, other, share) => {
        const [k, n] = [Math.min(one, other), Math.max(one, other)];
        assert.ok(Math.abs(atMost(k - 1, n, share) + atLeast(k, n, share) - 1) < 1e-9);
      },
    ),
    { numRuns: 100 },
  );
});

test('a true plan is called a mismatch in less than one of a thousand proofs', () => {
  // exactly, over all that may be seen on one way
  for (const share of [0.01, 0.1, 0.49, 0.7, 0.9, 0.99]) {
    for (const looks of [1, 5, 24, 60, 200]) {
      let wrong = 0;
      for (let k = 0; k <= looks; k++) {
        const chance = atMost(k, looks, share) - atMost(k - 1, looks, share);
        if (watched(share, [k], looks).outcome === 'mismatch') wrong += chance;
      }
      assert.ok(wrong < 0.001, `share ${share}, ${looks} looks: ${wrong}`);
    }
  }
});

test('nor is it by lot on several ways', () => {
  const lot = new Lot('share', 'proof');
  let wrong = 0;
  for (let round = 0; round < 2_000; round++) {
    const seen = Array.from({ length: 4 }, () => {
      let through = 0;
      for (let look = 0; look < 40; look++) if (lot.next() < 0.49 * 2 ** 32) through += 1;
      return through;
    });
    if (watched(0.49, seen, 40).outcome !== 'confirmed') wrong += 1;
  }
  // of 2,000 with a chance of a thousandth, 9 or more come once in 4,000 times; these lots are always the same
  assert.ok(wrong <= 8, `${wrong} of 2000`);
});

test('a loss of another size is found, and a small one needs many looks', () => {
  const shown = (share: number, through: number, looks: number) => watched(share, [through], looks).outcome;
  assert.equal(shown(0.49, 40, 40), 'mismatch');
  assert.equal(shown(0.49, 36, 40), 'mismatch');
  assert.equal(shown(0.49, 20, 40), 'confirmed');
  assert.equal(shown(0.49, 1, 40), 'mismatch');
  assert.equal(shown(0.99, 60, 60), 'inconclusive');
  assert.equal(shown(0.49, 3, 3), 'inconclusive');
  assert.match(watched(0.49, [3], 3).reason, /too few to tell/);
});
