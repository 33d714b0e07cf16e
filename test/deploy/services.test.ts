import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { cleanEnv, posternBin } from '../cli/postern.js';
import { askJoinToken } from '../support/hub-desk.js';
import { type RunningProcess, run, startReady } from '../support/processes.js';
import { only, readUnit, unitsDir } from './units.js';

/** What stands for /var/lib and /etc/postern here. */
let dir: string;
let hub: RunningProcess;
const started: RunningProcess[] = [];

before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'postern-services-'));
  await cp(path.join(unitsDir, 'config'), path.join(dir, 'etc'), { recursive: true });
  hub = await start('postern-hub');
});
after(async () => {
  for (const one of started.reverse()) await one.stop();
  await rm(dir, { recursive: true, force: true });
});

/** The command line of a unit with the places of this test, and the environment in which nothing takes a port of its own. */
async function lineOf(
  name: string,
  more: NodeJS.ProcessEnv = {},
): Promise<{ words: string[]; env: NodeJS.ProcessEnv }> {
  const line = only(await readUnit(`${name}.service`), 'ExecStart')
    .replaceAll('%S/', `${dir}/`)
    .replaceAll('/etc/postern/', `${dir}/etc/`);
  const [program, ...words] = line.split(/\s+/);
  assert.equal(program, '/usr/local/bin/postern');
  await mkdir(path.join(dir, name), { recursive: true, mode: 0o700 });
  const env = cleanEnv({ POSTERN_LISTEN: '127.0.0.1:0', POSTERN_OUTPUT: 'json', ...more });
  return { words, env };
}

async function start(name: string, more: NodeJS.ProcessEnv = {}): Promise<RunningProcess> {
  const { words, env } = await lineOf(name, { POSTERN_METRICS: 'off', ...more });
  const one = await startReady(posternBin, words, { env });
  started.push(one);
  return one;
}

/** The environment of an agent of this hub. */
const besideHub = (more: NodeJS.ProcessEnv) => ({ POSTERN_HUB: `http://${hub.ready.listen}`, ...more });

describe('the command lines of the units', () => {
  it('start a hub with account services, a daemon, an agent beside it, and a token server; the signal of each ends it well', async () => {
    const daemon = await start('postern-daemon', { POSTERN_PEER_LISTEN: '127.0.0.1:0' });
    const token = await askJoinToken(path.join(dir, 'postern'), 'cellar');
    const agent = await start(
      'postern-agent',
      besideHub({ POSTERN_DAEMON: String(daemon.ready.listen), POSTERN_TOKEN: token }),
    );
    assert.equal(agent.ready.node, 'cellar');
    await start('postern-token-server');
    const faces = ['REST', 'AUTH', 'STORAGE', 'ROOMS'].map((face) => [
      `POSTERN_${face}_LISTEN`,
      '127.0.0.1:0',
    ]);
    const accounts = await start('postern-accounts', Object.fromEntries(faces));
    assert.equal(accounts.ready.nats, hub.ready.nats);
    const names = ['postern-accounts', 'postern-token-server', 'postern-agent', 'postern-daemon'];
    for (const [i, one] of started.slice(1).reverse().entries()) {
      const unit = await readUnit(`${names[i]}.service`);
      const kept = [0, ...only(unit, 'SuccessExitStatus').split(' ').map(Number)];
      one.signal('SIGTERM');
      const status = await one.exited;
      assert.ok(typeof status === 'number' && kept.includes(status), `${names[i]} ends with ${status}`);
    }
  });

  it('start a hub on a NATS server that is there, as the drop-in has it', async () => {
    const dropIn = await readUnit('drop-ins/postern-hub.service.d/external-bus.conf');
    const [none, line = ''] = dropIn.filter(({ key }) => key === 'ExecStart').map(({ value }) => value);
    assert.equal(none, '');
    const [, ...words] = line
      .replaceAll('%S/', `${dir}/`)
      .replaceAll('/etc/postern/', `${dir}/etc/`)
      .split(' ');
    const env = cleanEnv({ POSTERN_LISTEN: '127.0.0.1:0', POSTERN_OUTPUT: 'json', POSTERN_METRICS: 'off' });
    const second = await startReady(posternBin, words, {
      env: { ...env, POSTERN_NATS: String(hub.ready.nats) },
    });
    started.push(second);
    assert.equal(second.ready.nats, hub.ready.nats);
  });
});

describe('what a unit does not restart', () => {
  it('is every service whose configuration is wrong', async () => {
    await writeFile(path.join(dir, 'etc/wrong.yaml'), 'lisen: [":1"]\n');
    const names = [
      'postern-hub',
      'postern-accounts',
      'postern-daemon',
      'postern-agent',
      'postern-token-server',
    ];
    const tried = names.map(async (name) => {
      const { words, env } = await lineOf(name);
      const { code, stderr } = await run(
        posternBin,
        words.map((word) => (word.endsWith('.yaml') ? path.join(dir, 'etc/wrong.yaml') : word)),
        { env },
      );
      assert.ok(
        preventing(await readUnit(`${name}.service`)).includes(Number(code)),
        `${name}: ${code} ${stderr}`,
      );
      assert.match(stderr, /lisen: there is no such setting/);
    });
    await Promise.all(tried);
  });

  it('is an agent that its hub refuses', async () => {
    const unit = await readUnit('postern-agent.service');
    const line = await lineOf('postern-agent', besideHub({ POSTERN_TOKEN: 'pj_of-no-hub' }));
    const words = line.words.map((word) =>
      word.startsWith(`${dir}/postern-agent`) ? `${dir}/stranger` : word,
    );
    const refused = await run(posternBin, words, { env: line.env });
    assert.equal(refused.code, 80, refused.stderr);
    assert.ok(preventing(unit).includes(80));
  });

  it('is not an agent whose hub cannot be reached: it waits', async () => {
    const { words, env } = await lineOf('postern-agent', {
      POSTERN_HUB: 'http://127.0.0.1:9',
      POSTERN_TOKEN: 'pj_x',
    });
    const waiting = startReady(posternBin, words, { env, failsWith: /HUB_UNREACHABLE[\s\S]*"waiting"/ });
    await assert.rejects(waiting, /it cannot become ready/);
  });
});

/** Exit statuses after which systemd does not start it again. */
function preventing(unit: Awaited<ReturnType<typeof readUnit>>): number[] {
  return only(unit, 'RestartPreventExitStatus').split(' ').map(Number);
}
