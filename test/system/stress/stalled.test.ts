import { after, before, test } from 'node:test';
import { openStage, type StressStage } from './stage.js';
import { besideFrozenAgent, besideStalledReader, besideThousands } from './stalled-scenarios.js';

let stage: StressStage;
before(async () => {
  stage = await openStage();
});
after(() => stage?.stop());

// two at once: so one pause of the machine is not what the 99th percentile tells of
const blocks = { blocks: 5, calls: 300, atOnce: 2 };

test('a reader that has stopped does not slow other calls of its node', async (t) => {
  t.diagnostic(await besideStalledReader(stage, blocks));
});

test('a frozen agent does not slow the calls of another node', async (t) => {
  t.diagnostic(await besideFrozenAgent(stage, blocks));
});

test('hundreds of calls that nobody reads do not stop other calls of their node', async (t) => {
  t.diagnostic(await besideThousands(stage, 400, { ...blocks, blocks: 3 }));
});
