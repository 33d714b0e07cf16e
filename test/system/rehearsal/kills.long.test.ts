import { describe, test } from 'node:test';
import { killAndAccount } from './kills.js';

/** Schedules that are tried: these seeds, or the one that POSTERN_TEST_SEED names. */
const named = process.env.POSTERN_TEST_SEED;
const seeds = named === undefined ? Array.from({ length: 20 }, (_, at) => at + 1) : [Number(named)];

describe('a test while agents, daemons, NATS and the hub are killed by lot', () => {
  for (const seed of seeds) {
    test(`accounts for every message: seed ${seed}`, { timeout: 240_000 }, async (t) => {
      t.diagnostic(await killAndAccount(seed));
    });
  }
});
