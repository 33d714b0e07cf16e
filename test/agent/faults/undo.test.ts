import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { GuardianLink } from '../../../src/agent/faults/guardian-link.js';
import { isThere, type ProcessRef, stopProcesses } from '../../../src/agent/faults/process/signals.js';
import { UndoShelf } from '../../../src/agent/faults/undo-shelf.js';
import { lockDirectory } from '../../../src/bus/directory-lock.js';
import { startMark } from '../../../src/bus/process-identity.js';
import { watchersLeft } from '../../support/faults/watchers.js';
import { testLog } from '../../support/nats.js';
import { compiledRoot, eventually } from '../../support/processes.js';
import { processState } from '../../system/faults/stage.js';

const linux = process.platform === 'linux' ? false : 'processes are read from /proc';

/** A directory, and processes that sleep; all of it ends with the test. */
async function set(t: TestContext): Promise<{
  shelf: (owner: string) => UndoShelf;
  sleeper: () => Promise<ProcessRef & { child: ChildProcess }>;
}> {
  const directory = join(await mkdtemp(join(tmpdir(), 'postern-undo-')), 'undo');
  await mkdir(directory);
  const children: ChildProcess[] = [];
  t.after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });
  return {
    shelf: (owner) => new UndoShelf(directory, owner),
    async sleeper() {
      const child = spawn('sleep', ['600'], { stdio: 'ignore' });
      children.push(child);
      await once(child, 'spawn');
      const pid = child.pid ?? 0;
      return { child, pid, mark: (await startMark(pid)) ?? '' };
    },
  };
}

const inAnHour = () => Date.now() + 3_600_000;
const pausing = (...processes: ProcessRef[]) => ({
  do: 'continue' as const,
  processes: processes.map(({ pid, mark }) => ({ pid, mark })),
});

test('what is to be undone is undone once, by whoever comes first, and the others learn when', {
  skip: linux,
}, async (t) => {
  const { shelf, sleeper } = await set(t);
  const [mine, theirs] = [shelf('a'), shelf('b')];
  const one = await sleeper();
  assert.equal(await mine.undo('f'), undefined);
  await mine.put('f', pausing(one), inAnHour());
  await stopProcesses([one]);
  assert.equal(await processState(one.pid), 'T');
  const [healed, learned] = await Promise.all([mine.undo('f'), theirs.undo('f')]);
  assert.notEqual(await processState(one.pid), 'T');
  assert.deepEqual(healed, learned);
  assert.equal(healed?.code, undefined);
  assert.deepEqual(await theirs.undo('f'), healed);
  await mine.forget('f');
  assert.deepEqual(await readdir(mine.directory), []);
});

test('what is still to be undone is not lost to another one of its name', async (t) => {
  const { shelf } = await set(t);
  const [mine, theirs] = [shelf('a'), shelf('b')];
  const first = pausing({ pid: 1, mark: 'first' });
  await mine.put('f', first, inAnHour());
  await assert.rejects(theirs.put('f', pausing({ pid: 1, mark: 'second' }), inAnHour()), {
    code: 'FAULT_BUSY',
    message: /what is left of it .*f\.json/,
  });
  assert.deepEqual(
    (await mine.open()).map(({ name, intent: { undo, owner } }) => ({ name, undo, owner })),
    [{ name: 'f', undo: first, owner: 'a' }],
  );
});

test('a process is signalled only while it is the one that was meant', { skip: linux }, async (t) => {
  const { shelf, sleeper } = await set(t);
  const one = await sleeper();
  const other = { pid: one.pid, mark: `${one.mark}0` };
  await stopProcesses([other]);
  assert.notEqual(await processState(one.pid), 'T');
  const mine = shelf('a');
  await mine.put('f', pausing(other), inAnHour());
  assert.match((await mine.undo('f'))?.message ?? '', /ended while it was paused/);
  one.child.kill('SIGKILL');
  await once(one.child, 'exit');
  assert.equal(await isThere(one), false);
});

test('a guardian undoes all of its agent when that is gone, and nothing of another one', {
  skip: linux,
}, async (t) => {
  const { shelf, sleeper } = await set(t);
  const [mine, theirs] = [shelf('a'), shelf('b')];
  const [one, other] = [await sleeper(), await sleeper()];
  await mine.put('f', pausing(one), inAnHour());
  await theirs.put('g', pausing(other), inAnHour());
  const guardian = new GuardianLink(mine, testLog);
  await guardian.watch();
  const { pid = 0 } = guardian;
  const guard = { pid, mark: (await startMark(pid)) ?? '' };
  await stopProcesses([one, other]);
  guardian.stop();
  await eventually('it goes on', async () => (await processState(one.pid)) !== 'T', { everyMs: 20 });
  await eventually('the guardian has ended', async () => !(await isThere(guard)));
  assert.equal(await processState(other.pid), 'T');
  assert.ok(((await mine.undo('f'))?.atMs ?? 0) > 0);
});

test('a guardian undoes what is overdue though its agent is there, and one that is killed is replaced', {
  skip: linux,
}, async (t) => {
  const { shelf, sleeper } = await set(t);
  const mine = shelf('a');
  const guardian = new GuardianLink(mine, testLog);
  t.after(() => guardian.stop());
  const release = await guardian.watch();
  const first = guardian.pid ?? 0;
  await eventually('it has lived for a second', async () => (await ageOf(first)) > 1_100);
  process.kill(first, 'SIGKILL');
  await eventually('there is another', () => guardian.pid !== undefined && guardian.pid !== first);
  const one = await sleeper();
  // stopped first: what is overdue may be undone as soon as it stands there
  await stopProcesses([one]);
  await mine.put('late', pausing(one), Date.now() - 4_500);
  await eventually('it goes on', async () => (await processState(one.pid)) !== 'T', { everyMs: 20 });
  release();
  assert.equal(guardian.pid, undefined);
  await eventually('it has ended', async () => (await watchersLeft(mine.directory)) === 0);
});

const seen = new Map<number, number>();
/** How long a process was seen, milliseconds. */
async function ageOf(pid: number): Promise<number> {
  const since = seen.get(pid) ?? performance.now();
  seen.set(pid, since);
  return performance.now() - since;
}

test('a guardian undoes what is open though its agent is killed while it asks', {
  skip: linux,
}, async (t) => {
  const { shelf, sleeper } = await set(t);
  const mine = shelf('a');
  const one = await sleeper();
  await mine.put('f', pausing(one), inAnHour());
  await stopProcesses([one]);
  const guardian = join(compiledRoot, 'src/agent/faults/guardian.js');
  const agent = spawn(
    process.execPath,
    [join(compiledRoot, 'test/agent/faults/asking-agent.js'), guardian, mine.directory, 'a'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  t.after(() => agent.kill('SIGKILL'));
  let said = '';
  agent.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await eventually('it has asked', () => said.includes('asked'));
  const pid = Number(said.split('\n')[0]);
  t.after(() => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has ended, as it should
    }
  });
  agent.kill('SIGKILL');
  await once(agent, 'exit');
  process.kill(pid, 'SIGCONT');
  await eventually('it goes on', async () => (await processState(one.pid)) !== 'T');
  await eventually(
    'the guardian has ended',
    async () => !(await isThere({ pid, mark: (await startMark(pid)) ?? '' })),
  );
});

test('whoever holds the lock of an undo and stands still keeps nobody from it', {
  skip: linux,
}, async (t) => {
  const { shelf, sleeper } = await set(t);
  const { directory } = shelf('a');
  const one = await sleeper();
  const waiting = new UndoShelf(directory, 'a', 200);
  await waiting.put('f', pausing(one), inAnHour());
  await stopProcesses([one]);
  const release = await lockDirectory(join(directory, 'f.lock'));
  assert.notEqual(await waiting.undo('f'), undefined);
  assert.notEqual(await processState(one.pid), 'T');
  assert.deepEqual(await waiting.open(), []);
  await release();
});
