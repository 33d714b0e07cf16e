import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { withoutLab } from '../support/lab/stage.js';
import { LabCommands, labUsers } from '../support/lab/users.js';
import { compiledRoot, eventually } from '../support/processes.js';

const missing = await withoutLab();
const talk = path.join(compiledRoot, 'test/support/lab/talk.js');

interface Machine {
  readonly lab: string;
  readonly name: string;
  readonly address: string;
  readonly cuts: { readonly from: string; readonly direction: string; readonly leftSeconds?: number }[];
}

describe('two labs side by side, made by commands', { skip: missing }, async () => {
  // The one with the least rights that there can be.
  const user = missing === false ? (await labUsers()).at(-1) : undefined;
  let commands: LabCommands;
  let holder: number;

  before(async () => {
    assert.ok(user !== undefined);
    commands = await LabCommands.make(user);
    const file = path.join(commands.dir, 'one.yaml');
    await writeFile(file, 'nodes: {cellar: {forward: [{port: 7000, to: 7}]}, attic: }\n');
    holder = await commands.up(file);
    await commands.up(file, '--lab', 'two');
  });
  after(() => commands.close());

  const machines = async (lab: string): Promise<Machine[]> =>
    JSON.parse((await commands.run(['ls', '--lab', lab, '-o', 'json'])).stdout);
  const cutsOf = async (lab: string): Promise<Machine['cuts']> =>
    (await machines(lab)).flatMap((machine) => machine.cuts);

  test('a second lab of the same name is refused, and where there are two it must be said which', async () => {
    const again = await commands.run(['up', path.join(commands.dir, 'one.yaml')]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /the lab 'one' is up already/);
    const which = await commands.run(['exec', 'cellar', '--', 'true']);
    assert.equal(which.code, 2);
    assert.match(which.stderr, /there are 2 labs: one, two\n.*--lab NAME/);
  });

  test('a timed cut heals with its holder stopped and its command gone, in one lab and not in the other', async () => {
    await commands.start(['exec', 'hub', '--lab', 'one', '--', process.execPath, talk, 'echo', '7']);
    await commands.start(['exec', 'hub', '--lab', 'two', '--', process.execPath, talk, 'echo', '7']);
    const ask = ['cellar', '--', process.execPath, talk, 'udp', 'hub', '7'];
    const asker = await commands.start(['exec', '--lab', 'one', ...ask]);
    const other = await commands.start(['exec', '--lab', 'two', ...ask]);
    await eventually('answers come', () => asker.lines().length > 3 && other.lines().length > 3, {
      everyMs: 10,
    });

    const made = performance.now();
    assert.equal(
      (await commands.run(['cut', 'cellar', '--lab', 'one', '--scope', 'hub', '--duration', '1500ms'])).code,
      0,
    );
    process.kill(holder, 'SIGSTOP');
    assert.deepEqual(await cutsOf('two'), []);
    const otherHad = other.lines().length;
    const gap = await eventually(
      'it heals',
      () => {
        const numbers = asker.lines().map(Number);
        const lost = numbers.findIndex((number, i) => i > 0 && number > (numbers[i - 1] ?? 0) + 1);
        return lost > 0 && (numbers[lost] ?? 0) - (numbers[lost - 1] ?? 0);
      },
      { everyMs: 10 },
    );
    const now = performance.now();
    assert.ok(now - made >= 1_500, `healed after ${now - made} ms`);
    assert.ok(gap > 5, `${gap} questions had no answer`);
    await eventually('the other lab has gone on', () => other.lines().length > otherHad, { everyMs: 10 });
    process.kill(holder, 'SIGCONT');
    assert.deepEqual(await cutsOf('one'), []);
  });

  test('what is listed tells machines, ways in and cuts with the time they last', async () => {
    await commands.run([
      'cut',
      'cellar',
      '--lab',
      'two',
      '--scope',
      'hub',
      '--direction',
      'in',
      '--duration',
      '1h',
    ]);
    await commands.run(['cut', 'attic', '--lab', 'two']);
    await commands.run(['cut', 'attic', '--lab', 'two', '--from', 'cellar']);
    const { stdout } = await commands.run(['ls', '--lab', 'two']);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/));
    assert.deepEqual(rows[0], ['LAB', 'NODE', 'KIND', 'ADDRESS', 'INSIDE', 'FORWARDS', 'CUT FROM']);
    const cellar = rows.find((row) => row[1] === 'cellar') ?? [];
    assert.deepEqual(cellar.slice(0, 6), [
      'two',
      'cellar',
      'nat',
      '198.18.0.10',
      '192.168.1.2',
      '7000->7/tcp',
    ]);
    assert.match(cellar[6] ?? '', /^(?:hub \(in\) 35\d\ds, attic|attic, hub \(in\) 35\d\ds)$/);
    assert.match(rows.find((row) => row[1] === 'attic')?.[6] ?? '', /^(?:all, cellar|cellar, all)$/);
    assert.deepEqual(await cutsOf('one'), []);
    await commands.run(['heal', 'attic', '--lab', 'two']);
    await commands.run(['heal', 'cellar', '--lab', 'two', '--scope', 'hub']);
    assert.deepEqual(await cutsOf('two'), []);
  });

  test('a program has the input, the output and the exit status of the command, and hears its signals', async () => {
    const exec = (...words: string[]): string[] => ['exec', 'attic', '--lab', 'one', ...words];
    const done = await commands.run(exec('sh', '--', '-c', 'cat; hostname; exit 9'), { input: 'in\n' });
    assert.deepEqual(done, { code: 9, stdout: 'in\nattic\n', stderr: '' });
    const script =
      'trap "echo hup" HUP; trap "exit 5" INT; echo "{\\"ready\\":true}"; while :; do sleep 0.05; done';
    const patient = await commands.start(exec('--', 'bash', '-c', script));
    patient.signal('SIGHUP');
    await eventually('it has heard', () => patient.lines().includes('hup'), { everyMs: 10 });
    assert.equal(await patient.stop('SIGINT'), 5);
    const plain = await commands.start(exec('--', 'sh', '-c', 'echo \'{"ready":true}\'; exec sleep 600'));
    assert.equal(await plain.stop('SIGTERM'), 143, 'as shells show it');
  });

  test('a lab whose holder has died is told, and its name is free; the other one lives on', async () => {
    process.kill(holder, 'SIGKILL');
    await eventually(
      'it is gone',
      async () =>
        (await machines('two')).length === 4 && /'one' is gone/.test((await commands.run(['ls'])).stderr),
    );
    const exec = await commands.run(['exec', 'cellar', '--lab', 'one', '--', 'true']);
    assert.equal(exec.code, 1);
    assert.match(exec.stderr, /the lab 'one' is gone: its process has ended, and everything with it/);
    holder = await commands.up(path.join(commands.dir, 'one.yaml'));
    assert.equal((await commands.run(['down', '--lab', 'one'])).code, 0);
    assert.equal((await commands.run(['exec', 'cellar', '--', 'true'])).code, 0, 'only one is left');
    assert.equal((await commands.run(['down'])).code, 0);
    const none = await commands.run(['down']);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /there is no lab in /);
  });
});
