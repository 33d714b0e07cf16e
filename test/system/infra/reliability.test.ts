import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { OldController } from '../../support/infra/old-controller.js';
import { eventually } from '../../support/processes.js';
import { FaultCaller } from '../faults/fault-caller.js';
import { journalOf } from '../faults/journal-of.js';
import { Stage } from '../rehearsal/stage.js';

/** Of its lots of 1 in 3 for the node `north`, the first one hits and none of the three after it. */
const seed = 's4';
const run = '_reliability';

let stage: Stage;
let faults: FaultCaller;
before(async () => {
  stage = await Stage.open(['north'], [], ['--infra-listen', '127.0.0.1:0', '--reliability-seed', seed]);
  const token = await stage.fleet.callerToken('faults');
  faults = new FaultCaller(await stage.fleet.hubAddress(), token);
});
after(async () => {
  faults?.close();
  await stage?.close();
});

/** A controller at the infra server of the agent that runs now. */
function controller(): OldController {
  return new OldController(String(stage.agents.get('north')?.ready.infra));
}

/** What the agent keeps of its outages. */
async function kept(): Promise<{ drawn: number; hits: number; setting?: { seed: string } }> {
  return JSON.parse(await readFile(path.join(stage.fleet.dir, 'north/agent/north/reliability.json'), 'utf8'));
}

test('an agent that got kill -9 in an outage leaves nothing cut off; the next one goes on drawing', async () => {
  const { group } = await stage.ask('north', stage.client.createGroup, { name: '', command: undefined });
  await stage.create('quiet', { group }, 60_000);
  const first = controller();
  await assert.rejects(first.call('AddReliability', { timeout: 120, odds: 1 }), {
    code: status.INVALID_ARGUMENT,
    details: /^odds: 1 would cut the node off for ever/,
  });
  await first.call('AddReliability', { timeout: 3, odds: 3 });
  assert.deepEqual(await first.call('TestConnection'), { success: true });
  await eventually('the link is cut', async () => (await first.call('TestConnection')).success === false, {
    everyMs: 50,
  });
  assert.deepEqual(await first.call('IsProcessRunning'), { running: true });
  first.close();
  await stage.agents.get('north')?.stop('SIGKILL');
  assert.equal((await kept()).hits, 1);

  await stage.startAgent('north');
  const second = controller();
  assert.deepEqual(await second.call('TestConnection'), { success: true });
  const fault = await eventually('the outage is over', async () => {
    const [one] = await faults.list('north', run);
    return one?.state === 'healed' && one;
  });
  assert.deepEqual([fault.kind, fault.code], ['link', 'AGENT_ENDED']);
  await eventually('it goes on', async () => (await kept()).drawn >= 2, { everyMs: 50 });
  assert.deepEqual([(await kept()).hits, (await kept()).setting?.seed], [1, seed]);
  assert.deepEqual(await second.call('TestConnection'), { success: true });
  await second.call('AddReliability', { timeout: 0, odds: 0 });
  assert.equal((await kept()).setting, undefined);
  second.close();

  for (const note of ['reliability true', 'fault injected', 'fault healed', 'reliability false']) {
    await eventually(`the journal has the note ${note}`, async () => {
      const records = await journalOf(stage.fleet.dir, 'north', 'quiet');
      return records.some(
        (one) => one.k === 'note' && `${one.topic} ${one.data.hit ?? one.data.phase}` === note,
      );
    });
  }
  const shown = await eventually('its story is told to the end', async () => {
    const args = ['inspect', 'north', '--machine', 'reliability', '-o', 'jsonl'];
    const told = (await stage.fleet.postern(args)).stdout
      .trim()
      .split('\n')
      .map((line): string => JSON.parse(line).to);
    return told.at(-1) === 'off' && told;
  });
  assert.equal(shown.includes('out'), true, shown.join());
});
