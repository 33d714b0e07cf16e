import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { stopProcesses } from '../../../src/agent/faults/process/signals.js';
import { UndoShelf } from '../../../src/agent/faults/undo-shelf.js';
import { startMark } from '../../../src/bus/process-identity.js';
import { killAtOnce, watchersLeft } from '../../support/faults/watchers.js';
import { compiledRoot, eventually } from '../../support/processes.js';
import { processState } from '../../system/faults/stage.js';

const linux = process.platform === 'linux' ? false : 'processes are read from /proc';
const soon = { everyMs: 20 };

/** A process that is paused, with what continues it on disk, an agent of its own, and that one's guardian. */
async function paused(
  t: TestContext,
  endsAtMs: number,
): Promise<{ directory: string; pid: number; agent: number; guardian: number }> {
  const directory = join(await mkdtemp(join(tmpdir(), 'postern-deputy-')), 'undo');
  await mkdir(directory);
  const children: ChildProcess[] = [];
  t.after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await eventually('nobody watches any more', async () => (await watchersLeft(directory)) === 0);
    await rm(directory, { recursive: true, force: true });
  });
  const sleeper = spawn('sleep', ['600'], { stdio: 'ignore' });
  const agent = spawn(
    process.execPath,
    [join(compiledRoot, 'test/agent/faults/guarded-agent.js'), directory, 'a'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.push(sleeper, agent);
  const [line] = await once(createInterface(agent.stdout), 'line');
  const ref = { pid: sleeper.pid ?? 0, mark: (await startMark(sleeper.pid ?? 0)) ?? '' };
  const shelf = new UndoShelf(directory, 'a');
  // stopped first: what is overdue may be undone as soon as it stands there
  await stopProcesses([ref]);
  await shelf.put('f', { do: 'continue', processes: [ref] }, endsAtMs);
  return { directory, pid: ref.pid, agent: agent.pid ?? 0, guardian: Number(line) };
}

const goesOn = (pid: number) =>
  eventually('it goes on', async () => (await processState(pid)) !== 'T', { ...soon, timeoutMs: 15_000 });

test('what is paused goes on though its agent and its guardian get kill -9 at once, and nobody is left', {
  skip: linux,
}, async (t) => {
  const { directory, pid, agent, guardian } = await paused(t, Date.now() + 3_600_000);
  assert.equal(await watchersLeft(directory), 2, 'a guardian, and its deputy');
  killAtOnce([agent, guardian]);
  await goesOn(pid);
  await eventually('that is known', async () => String(await readdir(directory)) === 'f.done', soon);
});

test('a guardian that is killed is followed by another though the agent stands still', {
  skip: linux,
}, async (t) => {
  const { pid, agent, guardian } = await paused(t, Date.now() - 4_000);
  process.kill(agent, 'SIGSTOP');
  process.kill(guardian, 'SIGKILL');
  await goesOn(pid);
});
