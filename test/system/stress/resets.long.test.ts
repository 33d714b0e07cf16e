import { test } from 'node:test';
import { cancelsBeside } from './reset-scenarios.js';
import { openStage } from './stage.js';

test('5,000 cancels do not disturb other calls of their node', async (t) => {
  const stage = await openStage();
  t.after(() => stage.stop());
  await cancelsBeside(stage, 5_000);
});
