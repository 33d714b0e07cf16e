import { after, before, test } from 'node:test';
import { atOnce, cancels, deadlineHits, inARow, leavesNothing } from './ending-scenarios.js';
import { openStage, type StressStage } from './stage.js';

let stage: StressStage;
before(async () => {
  stage = await openStage();
});
after(() => stage?.stop());

test('five hundred calls in a row leave nothing', async (t) => {
  t.diagnostic(await leavesNothing(stage, inARow, 500));
});

test('three hundred calls at once leave nothing', async (t) => {
  t.diagnostic(await leavesNothing(stage, atOnce, 300));
});

test('two thousand cancelled calls over eight connections leave nothing', async (t) => {
  t.diagnostic(await leavesNothing(stage, cancels, 2_000));
});

test('a thousand calls whose deadline passes leave nothing', async (t) => {
  t.diagnostic(await leavesNothing(stage, deadlineHits, 1_000));
});
