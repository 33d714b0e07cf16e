import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { labEnv, withoutLab } from '../support/lab/stage.js';
import { machineState, namespacesOf, processesIn } from '../support/lab/traces.js';
import { LabCommands, type LabUser, labUsers } from '../support/lab/users.js';
import { compiledRoot, eventually, startReady } from '../support/processes.js';

const missing = await withoutLab();

/** A lab with programs in it, one of them an orphan, and all the namespaces that these are in. */
async function inhabited(commands: LabCommands): Promise<{ holder: number; namespaces: string[] }> {
  const file = path.join(commands.dir, 'three.yaml');
  await writeFile(file, 'nodes: {cellar: , attic: {forward: [1]}, relay: {public: true}}\n');
  const holder = await commands.up(file);
  const ready = 'echo \'{"ready":true}\'; exec sleep 600';
  await commands.start(['exec', 'cellar', '--', 'sh', '-c', ready]);
  await commands.run(['exec', 'hub', '--', 'sh', '-c', 'setsid sleep 600 >/dev/null 2>&1 &']);
  await commands.run(['cut', 'attic', '--duration', '1h']);
  const own = await namespacesOf('self');
  const foreign = (names: string[]): string[] => names.filter((name) => !own.includes(name));
  const inside = await processesIn(foreign(await namespacesOf(holder)));
  assert.ok(inside.length >= 3, `the holder, a program and an orphan: ${inside}`);
  return { holder, namespaces: foreign((await Promise.all(inside.map(namespacesOf))).flat()) };
}

async function parentOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

describe('the end of a lab', { skip: missing }, async () => {
  const ends: [how: string, end: (commands: LabCommands, holder: number) => Promise<unknown>][] = [
    ['its holder is killed', async (_, holder) => process.kill(holder, 'SIGKILL')],
    [
      'what started its holder is killed',
      async (_, holder) => process.kill(await parentOf(holder), 'SIGKILL'),
    ],
    ['it is ended by `lab down`', async (commands) => commands.run(['down'])],
  ];
  const users = missing === false ? await labUsers() : [];
  // Where there are several users, each end is that of one of them.
  const cases = ends.flatMap((end, i): [LabUser, (typeof ends)[number]][] => {
    const user = users[Math.min(i, users.length - 1)];
    return user === undefined ? [] : [[user, end]];
  });
  for (const [user, [how, end]] of cases) {
    test(`made by ${user.name}, nothing is left when ${how}`, async () => {
      const before = await machineState(await labEnv());
      const commands = await LabCommands.make(user);
      try {
        const { holder, namespaces } = await inhabited(commands);
        assert.deepEqual(await machineState(await labEnv()), before, 'it never touches the machine itself');
        await end(commands, holder);
        await eventually(
          'no process is in its namespaces',
          async () => (await processesIn(namespaces)).length === 0,
          {
            everyMs: 20,
          },
        );
        assert.deepEqual(await machineState(await labEnv()), before);
        const { stdout, stderr } = await commands.run(['ls']);
        assert.equal(stdout, '');
        assert.match(stderr, how.endsWith('down`') ? /there is no lab/ : /the lab 'three' is gone/);
      } finally {
        await commands.close();
      }
    });
  }

  test('a lab that a program opened ends with it, however it ends', async () => {
    const code = `const { openLab } = await import(${JSON.stringify(path.join(compiledRoot, 'src/lab/lab.js'))});
      const lab = await openLab({ nodes: { cellar: {} } });
      lab.exec('cellar', ['sleep', '600'], { stdio: 'ignore' });
      console.log(JSON.stringify({ ready: true, pid: lab.holder.pid }));
      setInterval(() => {}, 1000);`;
    const maker = await startReady(process.execPath, ['--input-type=module', '-e', code], {
      env: await labEnv(),
    });
    const own = await namespacesOf('self');
    const namespaces = (await namespacesOf(Number(maker.ready.pid))).filter((name) => !own.includes(name));
    assert.ok((await processesIn(namespaces)).length >= 1);
    await maker.stop('SIGKILL');
    await eventually('all of it has ended', async () => (await processesIn(namespaces)).length === 0, {
      everyMs: 20,
      timeoutMs: 60_000,
    });
  });

  test('a lab in the foreground ends with its command, and is forgotten where that could', async () => {
    for (const user of users.slice(0, 1)) {
      const commands = await LabCommands.make(user);
      const file = path.join(commands.dir, 'one.yaml');
      await writeFile(file, 'nodes: {cellar: }\n');
      for (const [signal, code, told] of [
        ['SIGTERM', 0, /there is no lab/],
        ['SIGKILL', 'SIGKILL', /the lab 'one' is gone/],
      ] as const) {
        const up = await commands.start(['up', file, '--foreground', '-o', 'json']);
        const holder = Number(up.ready.pid);
        assert.equal((await commands.run(['exec', 'cellar', '--', 'true'])).code, 0);
        assert.equal(await up.stop(signal), code);
        await eventually('its holder has ended', async () => (await namespacesOf(holder)).length === 0, {
          everyMs: 20,
          timeoutMs: 60_000,
        });
        assert.match((await commands.run(['ls'])).stderr, told);
      }
      await commands.close();
    }
  });
});
