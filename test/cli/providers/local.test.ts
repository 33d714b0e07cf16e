import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { access, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { bringWorld } from '../../../src/cli/providers/bring-world.js';
import { PosternError } from '../../../src/errors.js';
import { testLog } from '../../support/nats.js';
import { compiledRoot, eventually, startReady } from '../../support/processes.js';
import { assertTogether, scenarioOf, Traces } from './worlds.js';

const bring = path.join(compiledRoot, 'test/cli/providers/bring.js');
let traces: Traces;

before(async () => {
  traces = await Traces.make();
});
after(() => traces?.remove());

test('three nodes on this machine work together, outlive a Ctrl-C that their maker sees to, and go when it is killed', async () => {
  const maker = await startReady(process.execPath, [bring, 'local', '3'], {
    env: traces.env,
    timeoutMs: 60_000,
    // As a shell starts it: the leader of a process group in the foreground.
    spawn: (command, args, options) => spawn(command, args, { ...options, detached: true }),
  });
  const { address, token } = Object(maker.ready.hub);
  const hub = { address: String(address), from: 'the test', token: String(token) };
  assert.ok((await traces.processes()).length >= 8);

  process.kill(-maker.pid, 'SIGINT');
  await assertTogether(hub, ['n-1', 'n-2', 'n-3']);

  maker.signal('SIGKILL');
  await eventually('nothing is left', async () => (await traces.left()).length === 0);
});

test('what does not come up is told with its last words and its files, and nothing else is left', async () => {
  const broken = { ...traces.env, POSTERN_NATS_SERVER: '/nowhere/nats-server' };
  const steps: string[] = [];
  const begun = bringWorld(scenarioOf('local', 3), {
    provider: 'local',
    directory: path.join(traces.dir, 'named'),
    log: testLog,
    env: broken,
    progress: ({ step }) => steps.push(step),
  });
  const thrown = await begun.then(
    () => assert.fail('it came up'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof PosternError);
  assert.equal(thrown.code, 'WORLD_FAILED');
  assert.match(
    thrown.message,
    /^the hub does not come up: it ended: exit status \d+; it said last:\n(.|\n)*nowhere/,
  );
  const log = path.join(traces.dir, 'named/logs/hub.log');
  assert.equal(thrown.hint, `all that it wrote is in ${log}`);
  assert.match(await readFile(log, 'utf8'), /nowhere/);
  assert.deepEqual(steps, ['starting the hub', 'ending all that was started']);
  assert.deepEqual(await traces.processes(), []);
});

test('bringing up is given up at once when it is not wanted any more, without a trace', async () => {
  const unwanted = new AbortController();
  const before = await readdir(traces.dir);
  const begun = bringWorld(scenarioOf('local', 2), {
    provider: 'local',
    log: testLog,
    env: traces.env,
    signal: unwanted.signal,
    progress: ({ step }) => {
      if (step === 'starting the hub') setTimeout(() => unwanted.abort(new Error('not wanted')), 100);
    },
  });
  await assert.rejects(begun, /^Error: not wanted$/);
  assert.deepEqual(await traces.processes(), []);
  assert.deepEqual(await readdir(traces.dir), before);
  await assert.rejects(access(path.join(traces.dir, 'hub')));
});
