import { after, before, test } from 'node:test';
import { openStage, parts, type StressStage } from './stage.js';
import { besideFrozenAgent, besideStalledReader, besideThousands } from './stalled-scenarios.js';

let stage: StressStage;
before(async () => {
  stage = await openStage();
});
after(() => stage?.stop());

const blocks = { blocks: 5, calls: 2_000, atOnce: 4 };

test('a reader that has stopped does not slow other calls of its node', async (t) => {
  t.diagnostic(await besideStalledReader(stage, blocks));
});

test('a reader that has stopped does not slow a hundred calls at once of its node', async (t) => {
  t.diagnostic(await besideStalledReader(stage, { blocks: 11, calls: 1_000, atOnce: 100 }));
});

test('a frozen agent does not slow the calls of another node', async (t) => {
  t.diagnostic(await besideFrozenAgent(stage, blocks));
});

test('2,000 calls that nobody reads each way do not stop other calls of their node', async (t) => {
  t.diagnostic(await besideThousands(stage, 2_000, { ...blocks, blocks: 3 }));
  for (const part of parts) t.diagnostic(`${part}: ${Math.round((await stage.rss(part)) / 1e6)} MB`);
});
