import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { commandLine } from '../../src/bus/process-identity.js';
import { programPid } from '../../src/lab/program.js';
import { LabStage, withoutLab } from '../support/lab/stage.js';
import { eventually } from '../support/processes.js';

const missing = await withoutLab();

describe('a lab with nodes behind NATs', { skip: missing }, () => {
  let stage: LabStage;
  before(async () => {
    stage = await LabStage.open({
      nodes: { cellar: { forward: [4001, { port: 7000, to: 7 }] }, attic: {}, relay: { public: true } },
    });
    await Promise.all([
      stage.echo('hub', 443),
      stage.echo('relay', 80),
      stage.echo('cellar', 7),
      stage.echo('cellar', 4001),
      stage.echo('attic', 80),
    ]);
  });
  after(() => stage.close());

  test('a node dials out, and is seen at the address of its NAT', async () => {
    for (const [to, port] of [
      ['hub', 443],
      ['relay', 80],
    ] as const) {
      assert.equal(await stage.dial('attic', to, port, 5_000), `echoed from ${stage.lab.address('attic')}`);
    }
    assert.equal(await stage.dial('attic', 'hub', 444, 5_000), 'refused', 'a machine with no NAT says so');
  });

  test('nobody reaches a port of a node or of its NAT: not a word comes back', async () => {
    assert.equal(await stage.dial('attic', '127.0.0.1', 80, 5_000), 'echoed from 127.0.0.1', 'it listens');
    const dials = await Promise.all([
      stage.dial('wan', 'attic', 80),
      stage.dial('hub', 'attic', 81),
      stage.dial('cellar', 'attic', 80),
      stage.dial('wan', '192.168.1.2', 80),
      stage.dial('wan', 'cellar', 7),
    ]);
    assert.deepEqual(
      dials,
      Array.from({ length: 5 }, () => 'silence'),
    );
  });

  test('a route to the network behind the NAT helps nobody', async () => {
    const way = ['ip', 'route', 'add', '192.168.1.0/24', 'via', stage.lab.address('attic')];
    assert.equal((await stage.run('internet', way)).code, 0);
    assert.equal(await stage.dial('wan', '192.168.1.2', 80), 'silence');
  });

  test('a port that leads in reaches the node, from the WAN and from behind another NAT', async () => {
    assert.equal(await stage.dial('wan', 'cellar', 4001, 5_000), 'echoed from 198.18.0.1');
    const attic = stage.lab.address('attic');
    assert.equal(await stage.dial('attic', 'cellar', 7000, 5_000), `echoed from ${attic}`);
  });

  test('every machine has its own name and knows the others, and nobody else', async () => {
    const script =
      'hostname; getent hosts hub attic cellar | sed "s/  */ /"; getent hosts example.com || echo nobody';
    const { stdout } = await stage.run('attic', ['sh', '-c', script]);
    assert.deepEqual(stdout.trim().split('\n'), [
      'attic',
      '203.0.113.1 hub',
      '192.168.1.2 attic',
      '198.18.0.10 cellar',
      'nobody',
    ]);
  });

  test('input, output, exit status, directory and variables are those of the program', async () => {
    const script = 'cat; echo "$PLACE"; echo oops >&2; exit 7';
    const done = await stage.run('cellar', ['sh', '-c', script], { input: 'a\n', env: { PLACE: 'here' } });
    assert.deepEqual(done, { code: 7, stdout: 'a\nhere\n', stderr: 'oops\n' });
    assert.equal((await stage.run('cellar', ['pwd'])).stdout.trim(), process.cwd());
    const child = stage.lab.exec('cellar', ['pwd'], { cwd: tmpdir(), stdio: ['ignore', 'pipe', 'ignore'] });
    assert.equal(String(await child.stdout?.toArray()).trim(), tmpdir());
  });

  test('signals reach the program, also one that is still coming in, and its end is told', {
    timeout: 30_000,
  }, async () => {
    const trap = 'trap "echo got it; exit 3" USR1; echo "{\\"ready\\":true}"; while :; do sleep 0.05; done';
    const patient = await stage.start('cellar', ['bash', '-c', trap]);
    patient.signal('SIGSTOP');
    await eventually('what waits for it stands still too', async () =>
      (await readFile(`/proc/${patient.pid}/stat`, 'utf8')).includes(') T '),
    );
    patient.signal('SIGUSR1');
    assert.deepEqual(patient.lines(), []);
    patient.signal('SIGCONT');
    assert.equal(await patient.exited, 3);
    assert.deepEqual(patient.lines(), ['got it']);

    const child = stage.lab.exec('cellar', ['sleep', '600'], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
    child.kill('SIGTERM');
    assert.equal(await ended, 'SIGTERM');
  });

  test('a program ends when what brought it in is killed', async () => {
    const child = stage.lab.exec('cellar', ['sleep', '600'], { stdio: 'ignore' });
    const pid = await eventually('it runs', () => programPid(child), { everyMs: 10 });
    await eventually('it is itself', async () => (await commandLine(pid)) === 'sleep 600', { everyMs: 10 });
    process.kill(child.pid ?? 0, 'SIGKILL');
    await eventually('it has ended', async () => (await commandLine(pid)) === undefined, { everyMs: 10 });
  });

  test('a machine that is not there is told by those that are', () => {
    assert.throws(() => stage.lab.exec('garage', ['true']), {
      code: 'LAB_NO_HOST',
      hint: 'it has hub, wan, cellar, attic, relay',
    });
  });
});
