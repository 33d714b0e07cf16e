import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { assertFound } from './generated.js';

const count = 10_000;

describe('ten thousand generated runs', () => {
  test('all that was planted is found, and nothing else', async () => {
    // Others than those of the short test.
    for (let seed = 1_001; seed <= 1_000 + count; seed++) {
      assertFound(seed);
      if (seed % 100 === 0) await turn();
    }
  });
});
