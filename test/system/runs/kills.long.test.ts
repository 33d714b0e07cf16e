import { describe, test } from 'node:test';
import { killAndJudge } from './kills.js';

/** Schedules that are tried: these seeds, or the one that POSTERN_TEST_SEED names. The first is in the short tests. */
const named = process.env.POSTERN_TEST_SEED;
const seeds = named === undefined ? Array.from({ length: 19 }, (_, at) => at + 2) : [Number(named)];

describe('a run while agents, daemons, NATS, the hub and controllers are killed by lot', () => {
  for (const seed of seeds) {
    test(`is judged by what the daemons have: seed ${seed}`, { timeout: 240_000 }, async (t) => {
      t.diagnostic(await killAndJudge(seed));
    });
  }
});
