import { after, before, test } from 'node:test';
import { bidi, idleCalls, slowDownload, slowUpload } from './flow-scenarios.js';
import { openStage, type StressStage } from './stage.js';

let stage: StressStage;
before(async () => {
  stage = await openStage();
});
after(() => stage?.stop());

const megabyte = 1 << 20;

test('a stream to a slow reader does not fill the memory', async (t) => {
  t.diagnostic(await slowDownload(stage, 112 * megabyte));
});

test('a stream to a slow server does not fill the memory', async (t) => {
  t.diagnostic(await slowUpload(stage, 112 * megabyte));
});

test('eight streams both ways that end at different times keep every byte', async () => {
  await bidi(stage, 8, 8 * megabyte);
});

test('hundreds of calls that say nothing cost nothing', async (t) => {
  t.diagnostic(await idleCalls(stage, 300, 5));
});
