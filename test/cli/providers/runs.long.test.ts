import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bringWorld } from '../../../src/cli/providers/bring-world.js';
import { labEnv, withoutLab } from '../../support/lab/stage.js';
import { namespacesOf, processesIn } from '../../support/lab/traces.js';
import { testLog } from '../../support/nats.js';
import { checkoutRoot, compiledRoot, eventually, startReady } from '../../support/processes.js';
import { RunCommand } from './run-command.js';
import { assertServing, assertTogether, scenarioOf, scenarioText, Traces } from './worlds.js';

const missing = await withoutLab();
const bring = path.join(compiledRoot, 'test/cli/providers/bring.js');
const postern = path.join(checkoutRoot, 'bin/postern');

describe('postern run with nodes of its own', { timeout: 600_000 }, () => {
  let traces: Traces;
  before(async () => {
    traces = await Traces.make({ ...(await labEnv()), POSTERN_DIST: compiledRoot });
  });
  after(() => traces?.remove());

  const begin = async (name: string, text: string): Promise<RunCommand> => {
    const file = path.join(traces.dir, `${name}.yaml`);
    await writeFile(file, text);
    return RunCommand.start(postern, ['run', file, '-o', 'jsonl'], traces.env);
  };
  const gone = async () => (await traces.left()).every((one) => one.endsWith('.yaml'));

  test('Ctrl-C reaches the run alone: it is ended, judged, and its nodes go last', async () => {
    const run = await begin(
      'interrupted',
      `${scenarioText('local', 3, 600)}control: false\narm: 1s\nsettle: 1s\n`,
    );
    await run.reaches(/"main\.running"|main\.running/);
    process.kill(-run.pid, 'SIGINT');
    const code = await run.ended;
    assert.ok(code === 3 || code === 4, `it ended with ${code}: ${run.said()}`);
    assert.match(run.said(), /VERDICT|verdict/);
    await eventually('nothing is left', gone);
  });

  test('killed while faults have killed daemons, it leaves nothing: no daemon is started again behind its back', async () => {
    const faults = `faults:
  - {kind: kill, nodes: n-1, at: 0s, for: 300ms}
  - {kind: kill, nodes: n-2, at: 0s, for: 60s}
  - {kind: pause, nodes: n-3, at: 0s, for: 60s}
`;
    const run = await begin('killed', `${scenarioText('local', 3, 600)}control: false\narm: 1s\n${faults}`);
    const daemonsOf = async (node: string): Promise<number[]> => {
      const all = await traces.processes();
      const found = await Promise.all(
        all.map(async (pid) => {
          const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
          return words.includes('daemon') && words.some((word) => word.endsWith(`/nodes/${node}`));
        }),
      );
      return all.filter((_, i) => found[i]);
    };
    await run.reaches(/main\.arming/);
    const first = await daemonsOf('n-1');
    assert.equal(first.length, 1);
    await eventually('two daemons are killed, one of them is there again', async () => {
      const [again, killed] = await Promise.all([daemonsOf('n-1'), daemonsOf('n-2')]);
      return again.length === 1 && again[0] !== first[0] && killed.length === 0;
    });
    process.kill(run.pid, 'SIGKILL');
    await eventually('nothing is left', gone);
    // Who would start a daemon again does so at once.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.ok(await gone());
  });

  test('killed with a lab, it leaves no machine of it', { skip: missing }, async () => {
    const run = await begin('lab', `${scenarioText('lab', 3, 600)}control: false\narm: 1s\n`);
    await run.reaches(/main\.running/);
    const own = await namespacesOf('self');
    const namespaces = new Set((await Promise.all((await traces.processes()).map(namespacesOf))).flat());
    for (const name of own) namespaces.delete(name);
    assert.ok(namespaces.size >= 5);
    process.kill(run.pid, 'SIGKILL');
    await eventually('nothing is left', gone);
    await eventually(
      'its namespaces are empty',
      async () => (await processesIn([...namespaces])).length === 0,
    );
  });

  test('a daemon that crashes on purpose is there again, and says so', async () => {
    const nodes = '\ndaemon: {misbehave: {crash-after-write: "@9"}}\n';
    const { env } = traces;
    const world = await bringWorld(scenarioOf('local', 2, nodes), { provider: 'local', log: testLog, env });
    try {
      await eventually('both have crashed', async () => {
        await assertTogether(world.hub, ['n-1', 'n-2']).catch(() => {});
        const truths = await Promise.all(
          world.nodes.map(({ truth }) => readFile(truth, 'utf8').catch(() => '')),
        );
        return truths.every((text) => text.includes('crash-after-write'));
      });
      await eventually('they work together again', () =>
        assertTogether(world.hub, ['n-1', 'n-2']).then(() => true),
      );
    } finally {
      await world.stop();
    }
    assert.ok(await gone());
  });

  test('forty nodes come up and serve', async () => {
    const maker = await startReady(process.execPath, [bring, 'local', '40'], {
      env: traces.env,
      timeoutMs: 280_000,
    });
    const { address, token } = Object(maker.ready.hub);
    const hub = { address: String(address), from: 'the test', token: String(token) };
    await assertServing(
      hub,
      Array.from({ length: 40 }, (_, i) => `n-${i + 1}`),
    );
    maker.signal('SIGKILL');
    await eventually('nothing is left', gone);
  });
});
