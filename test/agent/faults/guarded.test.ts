import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { guarded } from '../../../src/agent/faults/guarded.js';
import { GuardianLink } from '../../../src/agent/faults/guardian-link.js';
import { stopProcesses } from '../../../src/agent/faults/process/signals.js';
import { UndoShelf } from '../../../src/agent/faults/undo-shelf.js';
import { startMark } from '../../../src/bus/process-identity.js';
import { watchersLeft } from '../../support/faults/watchers.js';
import { testLog } from '../../support/nats.js';
import { eventually } from '../../support/processes.js';
import { processState } from '../../system/faults/stage.js';

const skip = process.platform === 'linux' ? false : 'processes are read from /proc';

/** Pauses of a process that sleeps, with a guardian and all. */
async function pauses(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'postern-guarded-'));
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const pid = child.pid ?? assert.fail('it has no process');
  const one = { pid, mark: (await startMark(pid)) ?? '' };
  const undo = new UndoShelf(directory, 'a');
  const guardian = new GuardianLink(undo, testLog);
  t.after(async () => {
    child.kill('SIGKILL');
    guardian.stop();
    await eventually('no guardian is left', async () => (await watchersLeft(directory)) === 0);
    await rm(directory, { recursive: true, force: true });
  });
  let over = 0;
  const pause = (name: string, first: () => Promise<unknown> = () => Promise.resolve()) =>
    guarded(
      { undo, guardian },
      { name, endsAtMs: Date.now() + 60_000 },
      { do: 'continue', processes: [one] },
      async () => {
        await first();
        await stopProcesses([one]);
      },
      { by: 'signal', over: () => (over += 1) },
    );
  return { pid, undo, pause, over: () => over };
}

test('what begins as the guardian of what was before ends is healed all the same', { skip }, async (t) => {
  const { pid, undo, pause } = await pauses(t);
  for (let turn = 0; turn < 4; turn++) {
    // The one that is let go looks for what is left within this time.
    const { heal } = await pause('nap', () => new Promise((resolve) => setTimeout(resolve, 150)));
    assert.equal(await processState(pid), 'T');
    await heal();
    assert.notEqual(await processState(pid), 'T');
  }
  assert.deepEqual(await undo.open(), []);
});

test('what somebody has undone before it was done is undone again, and refused', { skip }, async (t) => {
  const { pid, undo, pause, over } = await pauses(t);
  await assert.rejects(
    pause('nap', () => undo.undo('nap')),
    { code: 'FAULT_FAILED' },
  );
  assert.notEqual(await processState(pid), 'T');
  assert.equal(over(), 1);
});
