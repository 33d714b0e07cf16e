import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { leftoversOf, ownerOf } from '../../../src/agent/supervise/process-marks.js';
import { type RunningProcess, startReady } from '../../support/processes.js';
import {
  daemonCommand,
  factsIn,
  keepersOf,
  never,
  runs,
  scratchFor,
  supervise,
  until,
  untilGone,
} from './stage.js';

const host = fileURLToPath(new URL('./host.js', import.meta.url));

/** An agent of its own process with that key, and what its daemon says of itself. */
async function startHost(t: TestContext, key: string, behaviours: string, file: string, graceSeconds = 0.3) {
  const agent: RunningProcess = await startReady(process.execPath, [
    host,
    key,
    behaviours,
    file,
    String(graceSeconds),
  ]);
  t.after(() => agent.stop('SIGKILL'));
  assert.equal(agent.ready.outcome, 'success');
  const daemon = await factsIn(file);
  const keepers = await keepersOf(agent.pid);
  const all = [daemon.pid, ...daemon.children];
  // Where the test is red, something is left that nobody else would end.
  t.after(() => {
    for (const pid of [keepers.keeper, keepers.watch, ...all]) if (runs(pid)) process.kill(pid, 'SIGKILL');
  });
  return { agent, all, ...keepers };
}

/** A key that no other test has. */
const newKey = (name: string) => `${name} ${process.pid}`;

test('kill -9 of the agent ends the process as a stop does, and the next agent waits for that', async (t) => {
  const file = join(await scratchFor(t), 'facts');
  const key = newKey('agent');
  const former = await startHost(t, key, 'obedient,slow,family', file, 5);
  process.kill(former.agent.pid, 'SIGKILL');
  const next = await startHost(t, key, 'obedient', `${file}2`);
  assert.ok(existsSync(`${file}.ended`), 'it was not told to end');
  assert.deepEqual(former.all.filter(runs), []);
  await untilGone([former.keeper, former.watch]);
  assert.deepEqual(next.all.map(runs), [true]);
});

test('kill -9 of the keeper ends the process, the agent notices, and can start it anew', async (t) => {
  const file = join(await scratchFor(t), 'facts');
  const { supervisor, transitions } = supervise(t, daemonCommand('stubborn,family', file));
  await supervisor.start(never);
  const { pid, children } = await factsIn(file);
  const { keeper, watch } = await keepersOf(process.pid);
  process.kill(keeper, 'SIGKILL');
  await until(() => supervisor.state === 'failed', 'it was not noticed');
  assert.deepEqual([pid, ...children].filter(runs), []);
  assert.deepEqual(transitions.at(-1)?.context.error, {
    code: 'KEEPER_LOST',
    message: 'the keeper was ended by SIGKILL',
  });
  await untilGone([watch]);
  assert.equal(await supervisor.start(never), 'success');
});

test('kill -9 of what watches over the keeper changes nothing', async (t) => {
  const file = join(await scratchFor(t), 'facts');
  const { agent, all, keeper, watch } = await startHost(t, newKey('watch'), 'stubborn,family', file);
  process.kill(watch, 'SIGKILL');
  await untilGone([watch]);
  const again = await keepersOf(agent.pid);
  assert.equal(again.keeper, keeper);
  assert.deepEqual(all.map(runs), [true, true, true]);
  process.kill(agent.pid, 'SIGKILL');
  process.kill(keeper, 'SIGKILL');
  await untilGone([...all, again.watch]);
});

for (const killed of [
  ['agent', 'keeper'],
  ['agent', 'watch'],
  ['keeper', 'watch'],
] as const) {
  test(`kill -9 of ${killed.join(' and ')} leaves nothing`, async (t) => {
    const file = join(await scratchFor(t), 'facts');
    const { agent, all, ...keepers } = await startHost(t, newKey(killed.join()), 'stubborn,family', file);
    const pids = { agent: agent.pid, ...keepers };
    for (const name of killed) process.kill(pids[name], 'SIGKILL');
    await untilGone([...all, keepers.keeper, keepers.watch]);
  });
}

test('kill -9 of agent, keeper and watch leaves what the next agent with that key ends before it starts', async (t) => {
  const file = join(await scratchFor(t), 'facts');
  const key = newKey('all');
  const { agent, all, keeper, watch } = await startHost(t, key, 'stubborn,family', file);
  // one that notices that another was killed would do its work
  for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
    for (const pid of [watch, keeper, agent.pid]) process.kill(pid, signal);
  }
  await untilGone([watch, keeper, agent.pid]);
  const [main, ...children] = all;
  // The kernel ends the process itself, and nobody what it has started.
  await untilGone([main ?? 0]);
  assert.deepEqual(children.map(runs), [true, true]);
  assert.deepEqual(leftoversOf(ownerOf(newKey('another'))), []);
  const next = await startHost(t, key, 'obedient', `${file}2`);
  assert.deepEqual(children.filter(runs), []);
  assert.deepEqual(next.all.map(runs), [true]);
});
