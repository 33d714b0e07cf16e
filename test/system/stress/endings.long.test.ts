import { after, before, test } from 'node:test';
import { atOnce, cancels, deadlineHits, inARow, leavesNothing } from './ending-scenarios.js';
import { openStage, type StressStage } from './stage.js';

let stage: StressStage;
before(async () => {
  stage = await openStage();
});
after(() => stage?.stop());

test('10,000 calls in a row leave nothing', async (t) => {
  t.diagnostic(await leavesNothing(stage, inARow, 10_000));
});

test('1,000 calls at once leave nothing', async (t) => {
  t.diagnostic(await leavesNothing(stage, atOnce, 1_000));
});

test('5,000 cancelled calls over eight connections leave nothing', async (t) => {
  t.diagnostic(await leavesNothing(stage, cancels, 5_000));
});

test('5,000 calls whose deadline passes leave nothing', async (t) => {
  t.diagnostic(await leavesNothing(stage, deadlineHits, 5_000));
});
