import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { debianFiles } from '../../../../scripts/debian-tool.js';
import { GuardianLink } from '../../../../src/agent/faults/guardian-link.js';
import { holdersOf, listeningAt } from '../../../../src/agent/faults/process/listening.js';
import { ProcessFaults } from '../../../../src/agent/faults/process/process-faults.js';
import { UndoShelf } from '../../../../src/agent/faults/undo-shelf.js';
import { freePort } from '../../../../src/bus/server-process.js';
import { plainShape } from '../../../../src/fault-kinds.js';
import { DaemonProcess } from '../../../support/daemon.js';
import { testLog } from '../../../support/nats.js';
import { eventually } from '../../../support/processes.js';

const exec = promisify(execFile);
const linux = process.platform === 'linux' ? false : 'libfaketime is loaded by Linux here';
const inAnHour = () => Date.now() + 3_600_000;

describe('a daemon whose clock is put wrong', { skip: linux }, () => {
  let directory: string;
  let address: string;
  let daemon: DaemonProcess;
  const listener = async () => (await holdersOf(await listeningAt(address)))[0] ?? 0;
  const act = (clockMs: number) => ({ kind: 'clock' as const, shape: { ...plainShape('clock'), clockMs } });
  const faultsAt = (target: string, supervised?: { holds(): boolean; start(): Promise<void> }) => {
    const undo = new UndoShelf(path.join(directory, 'undo'), 'a');
    const output = path.join(directory, 'daemon.log');
    return new ProcessFaults({
      target: () => target,
      undo,
      guardian: new GuardianLink(undo, testLog),
      output,
      supervised,
    });
  };
  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'postern-clock-'));
    await mkdir(path.join(directory, 'undo'));
    const unpacked = path.join(await debianFiles('libfaketime'), 'usr/lib');
    const found = await readdir(unpacked);
    process.env.LD_LIBRARY_PATH = found.map((part) => path.join(unpacked, part, 'faketime')).join(':');
    address = `127.0.0.1:${await freePort('127.0.0.1')}`;
    daemon = await DaemonProcess.start(path.join(directory, 'daemon'), ['--peer-listen', 'off'], address);
  });
  after(async () => {
    for (const pid of await holdersOf(await listeningAt(address))) process.kill(pid, 'SIGKILL');
    await daemon?.stop('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });

  for (const clockMs of [7_200_500, -5_400_000]) {
    test(`it tells a time that is wrong by ${clockMs} ms, and afterwards the true one, started as it was`, async () => {
      const faults = faultsAt(address);
      const shm = await readdir('/dev/shm');
      const { peerId } = await daemon.status();
      const environ = await readFile(`/proc/${await listener()}/environ`);
      assert.deepEqual(await faults.ability(act(clockMs)), { by: 'faketime' });
      const { canaries, expects } = await faults.proving(act(clockMs));
      assert.deepEqual(expects, { sees: 'change', lasts: 'while' });
      const [canary] = canaries;
      const look = async () => {
        const { through, found } = (await canary?.look(AbortSignal.timeout(1_000))) ?? {};
        return [through, found];
      };
      const off = async () => (await daemon.status()).nowMs - Date.now();
      assert.deepEqual(await look(), [true, 'the clock of the machine']);
      const injection = await faults.inject({ ...act(clockMs), name: 'r.wrong', endsAtMs: inAnHour() });
      assert.equal(injection.by, 'faketime');
      const text = `${clockMs < 0 ? '-' : '+'}${(Math.abs(clockMs) / 1000).toFixed(3)}s`;
      await eventually('it answers', () => daemon.status().then(() => true));
      assert.ok(Math.abs((await off()) - clockMs) < 500, `it is off by ${await off()} ms`);
      assert.deepEqual(await look(), [true, `wrong by ${text}, as it says`]);
      assert.match(await readFile(`/proc/${await listener()}/maps`, 'utf8'), /libfaketime/);
      // libfaketime that was told another offset is no proof
      const [other] = (await faults.proving(act(clockMs + 1_000))).canaries;
      assert.match((await other?.look(AbortSignal.timeout(1_000)))?.found ?? '', /^another clock/);
      assert.equal((await injection.heal()).code, undefined);
      await eventually('it answers again', () => daemon.status().then(() => true));
      assert.ok(Math.abs(await off()) < 500);
      assert.deepEqual(await look(), [true, 'the clock of the machine']);
      const pid = await listener();
      assert.doesNotMatch(await readFile(`/proc/${pid}/maps`, 'utf8'), /libfaketime/);
      assert.deepEqual(await readFile(`/proc/${pid}/environ`), environ);
      assert.equal((await daemon.status()).peerId, peerId);
      assert.deepEqual(await readdir('/dev/shm'), shm, 'nothing is left in shared memory');
    });
  }

  test('what a kill -9 of the daemon leaves of libfaketime is removed too', async () => {
    const shm = await readdir('/dev/shm');
    const faults = faultsAt(address);
    const injection = await faults.inject({ ...act(60_000), name: 'r.killed', endsAtMs: inAnHour() });
    const pid = await listener();
    // it does not hear that it is to end, and has to be killed
    process.kill(pid, 'SIGSTOP');
    assert.equal((await injection.heal()).code, undefined);
    assert.notEqual(await listener(), pid);
    assert.deepEqual(await readdir('/dev/shm'), shm);
  });

  test('it is refused where nothing can tell the daemon another time, and says why', async (t) => {
    const held = { holds: () => true, start: () => Promise.resolve() };
    assert.match(
      JSON.stringify(await faultsAt(address, held).ability(act(1_000))),
      /UNSUPPORTED.*supervises/,
    );
    const source = path.join(directory, 'go');
    await mkdir(source);
    await writeFile(path.join(source, 'go.mod'), 'module still\n\ngo 1.20\n');
    await writeFile(
      path.join(source, 'main.go'),
      'package main\n\nimport ("net"; "os")\n\nfunc main() {\n\tlistener, err := net.Listen("tcp", os.Args[1])\n\tif err != nil {\n\t\tpanic(err)\n\t}\n\tfor {\n\t\tlistener.Accept()\n\t}\n}\n',
    );
    const go = process.env.GO ?? 'go';
    for (const [mode, why] of [
      ['exe', /linked statically/],
      ['pie', /a program of Go/],
    ] as const) {
      const program = path.join(source, mode);
      await exec(go, ['build', '-buildmode', mode, '-o', program, '.'], {
        cwd: source,
        env: { ...process.env, CGO_ENABLED: '0', LD_LIBRARY_PATH: '' },
      });
      const at = `127.0.0.1:${await freePort('127.0.0.1')}`;
      const child = spawn(program, [at], { stdio: 'ignore' });
      t.after(() => child.kill('SIGKILL'));
      await eventually('it listens', async () => (await listeningAt(at)).length > 0);
      const ability = await faultsAt(at).ability(act(1_000));
      assert.equal('code' in ability && ability.code, 'UNSUPPORTED');
      assert.match('message' in ability ? ability.message : '', why);
      await assert.rejects(faultsAt(at).inject({ ...act(1_000), name: 'r.no', endsAtMs: inAnHour() }), {
        code: 'UNSUPPORTED',
      });
      assert.deepEqual(await listeningAt(at).then(holdersOf), [child.pid], 'it was left alone');
    }
    const library = process.env.LD_LIBRARY_PATH;
    process.env.LD_LIBRARY_PATH = '';
    t.after(() => {
      process.env.LD_LIBRARY_PATH = library;
    });
    const ability = await faultsAt(address).ability(act(1_000));
    // a machine that has the package installed has it all the same
    if (!('by' in ability)) assert.match(ability.message, /was not found.*apt install faketime/);
  });
});
