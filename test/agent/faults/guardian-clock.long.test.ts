import assert from 'node:assert/strict';
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { stopProcesses } from '../../../src/agent/faults/process/signals.js';
import { UndoShelf } from '../../../src/agent/faults/undo-shelf.js';
import { startMark } from '../../../src/bus/process-identity.js';
import { compiledRoot, eventually } from '../../support/processes.js';
import { processState } from '../../system/faults/stage.js';

/** The clock of whoever runs this is put back by an hour when it has run for two seconds. */
const putBack =
  'const now = Date.now; setTimeout(() => { Date.now = () => now() - 3_600_000; }, 2_000).unref();';

test('a guardian undoes what is overdue though the clock of the machine was put back', {
  skip: process.platform === 'linux' ? false : 'processes are read from /proc',
}, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-clock-'));
  const sleeper = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(sleeper, 'spawn');
  const ref = { pid: sleeper.pid ?? 0, mark: (await startMark(sleeper.pid ?? 0)) ?? '' };
  await new UndoShelf(directory, 'a').put('f', { do: 'continue', processes: [ref] }, Date.now() + 2_000);
  await stopProcesses([ref]);
  const guardian = fork(
    join(compiledRoot, 'src/agent/faults/guardian.js'),
    [directory, 'a', String(process.pid)],
    {
      execArgv: ['--import', `data:text/javascript,${encodeURIComponent(putBack)}`],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    },
  );
  t.after(async () => {
    if (guardian.connected) guardian.disconnect();
    if (guardian.exitCode === null) await once(guardian, 'exit');
    sleeper.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });
  assert.equal(await processState(ref.pid), 'T');
  await eventually('it goes on', async () => (await processState(ref.pid)) !== 'T', { timeoutMs: 15_000 });
});
