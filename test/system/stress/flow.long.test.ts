import { after, before, test } from 'node:test';
import { bidi, idleCalls, slowDownload, slowUpload } from './flow-scenarios.js';
import { openStage, type StressStage } from './stage.js';

let stage: StressStage;
before(async () => {
  stage = await openStage();
});
after(() => stage?.stop());

const megabyte = 1 << 20;

test('1 GiB to a slow reader does not fill the memory', async (t) => {
  t.diagnostic(await slowDownload(stage, 1024 * megabyte));
});

test('1 GiB to a slow server does not fill the memory', async (t) => {
  t.diagnostic(await slowUpload(stage, 1024 * megabyte));
});

test('eight streams of 200 MB both ways that end at different times keep every byte', async () => {
  await bidi(stage, 8, 200 * megabyte);
});

test('500 calls that say nothing for two minutes cost nothing', async (t) => {
  t.diagnostic(await idleCalls(stage, 500, 120));
});
