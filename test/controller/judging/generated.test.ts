import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertFound } from './generated.js';

/** Runs that are tried: these seeds, or the one that POSTERN_TEST_SEED names. */
const named = process.env.POSTERN_TEST_SEED;
const count = 300;

describe('generated runs', () => {
  test('all that was planted is found, and nothing else', () => {
    const seeds = named === undefined ? Array.from({ length: count }, (_, at) => at + 1) : [Number(named)];
    const seen = new Set<string>();
    const verdicts = new Set<string>();
    const layers = new Set<string>();
    for (const seed of seeds) {
      const { truth } = assertFound(seed);
      verdicts.add(truth.verdict);
      for (const counts of Object.values(truth.layers ?? {})) {
        for (const layer of Object.keys(counts)) layers.add(layer);
      }
      for (const one of truth.troubles) seen.add(one.split(' ')[0] ?? '');
    }
    if (named !== undefined) return;
    assert.deepEqual([...verdicts].sort(), ['fail', 'pass', 'unknown']);
    assert.equal(layers.size, 9, `of all layers there were ${[...layers].join(', ')}`);
    assert.equal(seen.size, 9, `of all troubles there were ${[...seen].join(', ')}`);
  });
});
