import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findDaemon } from '../../../src/agent/faults/process/daemon-process.js';
import { launchDaemon, launchOrderOf } from '../../../src/agent/faults/process/launch.js';
import { holdersOf, listeningAt } from '../../../src/agent/faults/process/listening.js';
import { relaunch } from '../../../src/agent/faults/process/relaunch.js';
import { killProcesses } from '../../../src/agent/faults/process/signals.js';
import { startMark } from '../../../src/bus/process-identity.js';
import { freePort } from '../../../src/bus/server-process.js';
import { eventually } from '../../support/processes.js';

const linux = process.platform === 'linux' ? false : 'processes are read from /proc';

/** Listens where it is told, holds so many MB, writes what it is, and ends at once where there is a file `broken`. */
const script = `
const { createServer } = require('node:net');
const fs = require('node:fs');
if (fs.existsSync('broken')) { console.error('it is broken'); process.exit(3); }
globalThis.held = Buffer.alloc(Number(process.env.HELD) * 1e6, 1);
fs.writeFileSync('about', JSON.stringify([process.argv0, process.argv.slice(2), process.env.COLOUR, process.cwd()]));
createServer().listen(JSON.parse(process.argv[2]));
process.on('SIGTERM', () => setTimeout(() => process.exit(), 300));
`;

async function started(
  t: TestContext,
  listen: object,
  address: string,
  heldMb = 0,
): Promise<{ directory: string; output: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-launch-'));
  await writeFile(join(directory, 'server.cjs'), script);
  const child = spawn(process.execPath, ['server.cjs', JSON.stringify(listen), 'a b', ''], {
    cwd: directory,
    argv0: 'the-daemon',
    env: { COLOUR: 'blue = sky', HELD: String(heldMb) },
    stdio: 'ignore',
  });
  t.after(async () => {
    child.kill('SIGKILL');
    for (const pid of await holdersOf(await listeningAt(address))) process.kill(pid, 'SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });
  await eventually('it listens', async () => (await listeningAt(address)).length > 0, { everyMs: 20 });
  return { directory, output: join(directory, 'output') };
}

test('a daemon that is killed is started as it was, and once', { skip: linux }, async (t) => {
  const port = await freePort('127.0.0.1');
  const address = `localhost:${port}`;
  const { directory, output } = await started(t, { port, host: '127.0.0.1' }, address);
  const about = await readFile(join(directory, 'about'), 'utf8');
  const { all, head } = await findDaemon(address);
  const order = await launchOrderOf(head, address, output);
  assert.match((await launchDaemon(order)) ?? '', /somebody else/);
  await killProcesses(all);
  assert.deepEqual(await listeningAt(address), []);
  await rm(join(directory, 'about'));
  assert.equal(await launchDaemon(order), undefined);
  assert.equal(await readFile(join(directory, 'about'), 'utf8'), about);
  assert.notEqual((await findDaemon(address)).head.pid, head.pid);

  await killProcesses((await findDaemon(address)).all);
  await writeFile(join(directory, 'broken'), '');
  await assert.rejects(launchDaemon(order), { code: 'DAEMON_NOT_STARTED' });
  assert.match(await readFile(output, 'utf8'), /it is broken/);
});

test('a daemon that is at its end still when it is to be started again is not taken for another one', {
  skip: linux,
}, async (t) => {
  const port = await freePort('127.0.0.1');
  const address = `127.0.0.1:${port}`;
  const { output } = await started(t, { port, host: '127.0.0.1' }, address);
  const { all, head } = await findDaemon(address);
  const order = await launchOrderOf(head, address, output);
  process.kill(head.pid, 'SIGTERM');
  assert.equal(await relaunch(order, { ended: all, mark: '' }), undefined);
  assert.notEqual((await findDaemon(address)).head.pid, head.pid);
});

test('a daemon with much memory is gone when it is told to be, and is started again at once', {
  skip: linux,
}, async (t) => {
  const port = await freePort('127.0.0.1');
  const address = `localhost:${port}`;
  const { output } = await started(t, { port, host: '127.0.0.1' }, address, 300);
  for (let n = 0; n < 3; n++) {
    const { all, head } = await findDaemon(address);
    const order = await launchOrderOf(head, address, output);
    await killProcesses(all);
    assert.equal(await launchDaemon(order), undefined);
    assert.notEqual((await findDaemon(address)).head.pid, head.pid);
  }
});

test('a daemon is found on all addresses, on IPv6 and on a unix socket, and not where it is somebody else', {
  skip: linux,
}, async (t) => {
  const port = await freePort('127.0.0.1');
  await started(t, { port, host: '::' }, `127.0.0.1:${port}`);
  const { head } = await findDaemon(`[::1]:${port}`);
  assert.equal((await findDaemon(`localhost:${port}`)).head.pid, head.pid);
  // an address of documentation: what listens here on all addresses is not what listens there
  await assert.rejects(findDaemon(`192.0.2.1:${port}`), { code: 'DAEMON_NOT_FOUND' });
  const path = join(await mkdtemp(join(tmpdir(), 'postern-unix-')), 's');
  t.after(() => rm(join(path, '..'), { recursive: true, force: true }));
  await started(t, { path }, `unix:${path}`);
  assert.notEqual((await findDaemon(`unix:${path}`)).head.pid, head.pid);
});

test('a daemon that acts as another user than the one who has started it is not started again by us', {
  skip: process.getuid?.() === 0 ? linux : 'only root changes its user',
}, async (t) => {
  const child = spawn(process.execPath, [
    '-e',
    "process.seteuid(65534); console.log('there'); setInterval(() => {}, 1000)",
  ]);
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const ref = { pid: child.pid ?? 0, mark: (await startMark(child.pid ?? 0)) ?? '' };
  await assert.rejects(launchOrderOf(ref, 'localhost:1', '/dev/null'), {
    code: 'DAEMON_NOT_OURS',
    message: /user 0 has started it, and it acts as user 65534/,
  });
});
