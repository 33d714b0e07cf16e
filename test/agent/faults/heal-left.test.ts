import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Found, healLeft } from '../../../src/agent/faults/heal-left.js';
import { type ProcessRef, stopProcesses } from '../../../src/agent/faults/process/signals.js';
import { UndoShelf } from '../../../src/agent/faults/undo-shelf.js';
import { lockDirectory } from '../../../src/bus/directory-lock.js';
import { startMark } from '../../../src/bus/process-identity.js';
import { processState } from '../../system/faults/stage.js';

const linux = process.platform === 'linux' ? false : 'processes are read from /proc';

/** It may have its turn, have it, or sleep again: all but standing still. */
const goesOn = async (pid: number) => ['R', 'S'].includes((await processState(pid)) ?? '');

test('what agents that are gone have left is undone, files that cannot be read are told, and an agent that is there is left alone', {
  skip: linux,
}, async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'postern-heal-'));
  const children = [spawn('sleep', ['600']), spawn('sleep', ['600'])];
  t.after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await rm(data, { recursive: true, force: true });
  });
  const paused = async (node: string, child: ChildProcess | undefined): Promise<ProcessRef> => {
    const directory = join(data, 'agent', node, 'faults/undo');
    await mkdir(directory, { recursive: true });
    const ref = { pid: child?.pid ?? 0, mark: (await startMark(child?.pid ?? 0)) ?? '' };
    await new UndoShelf(directory, 'gone').put('r.nap', { do: 'continue', processes: [ref] }, Date.now());
    await stopProcesses([ref]);
    return ref;
  };
  const [one, other] = [await paused('attic', children[0]), await paused('barn', children[1])];
  await mkdir(join(data, 'agent/cellar'));
  const odd = join(data, 'agent/attic/faults/undo/odd.json');
  await writeFile(odd, '{"v":1,"un');
  const release = await lockDirectory(join(data, 'agent/barn/faults/lock'));
  // no nft is found: tables of others on this machine are no business of this test
  const env = { PATH: data };
  const heal = (node?: string, force = false) => healLeft({ data, node, force, env });
  const told = (found: readonly Found[]) =>
    found.map(({ node, name, what, became }) => [node, name, what, became]);

  const runs = join(data, 'agent/barn/faults/runs/r');
  await mkdir(runs, { recursive: true });
  const page = (fault: string, past: readonly object[]) => {
    const plan = { run: 'r', fault, kind: 'link', atMs: 0, forMs: 9_000, offsetMs: 0, errorMs: 0 };
    return writeFile(join(runs, `${fault}.json`), JSON.stringify({ v: 1, plan, past, dropped: 0 }));
  };
  const came = { type: 'INJECTED', by: 'userspace', atMs: 5 };
  await Promise.all([
    page('cut', [came]),
    page('nap', [came]),
    page('over', [came, { type: 'HEALED', atMs: 9 }]),
    page('ahead', [{ type: 'ARMED', atMs: 1 }]),
  ]);

  const first = await heal();
  assert.deepEqual(told(first).slice(0, 4), [
    ['attic', 'r.nap', 'a paused process', 'undone'],
    ['attic', odd, 'unknown', 'not undone'],
    ['barn', 'r.nap', 'a paused process', 'left'],
    ['barn', 'r.cut', 'link, by the agent itself', 'left'],
  ]);
  assert.match(
    first[3]?.why ?? '',
    /^ends by itself at 1970-01-01T00:00:09.000Z, or when the agent is stopped$/,
  );
  assert.match(first[2]?.why ?? '', new RegExp(`its agent is there.*process ${process.pid}`));
  assert.deepEqual([await goesOn(one.pid), await processState(other.pid)], [true, 'T']);
  assert.deepEqual(told(await heal('barn', true)), [
    ['barn', 'r.nap', 'a paused process', 'undone'],
    ['barn', 'r.cut', 'link, by the agent itself', 'left'],
  ]);
  assert.equal(await goesOn(other.pid), true);
  await release();
  await rm(odd);
  assert.deepEqual(await heal('barn'), [], 'with its agent ended what that did itself');
  assert.deepEqual(await heal('attic'), []);
  assert.deepEqual(await heal('cellar'), []);
  await assert.rejects(heal('dovecote'), { code: 'NO_AGENT_HERE' });
  assert.deepEqual(await readdir(join(data, 'agent/barn/faults')), ['runs', 'undo']);
});
