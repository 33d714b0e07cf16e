import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadOrCreateAuthority } from '../../src/bus/authority.js';
import { lockDirectory } from '../../src/bus/directory-lock.js';
import { type EmbeddedServer, startEmbeddedServer } from '../../src/bus/embedded-server.js';
import { startMark } from '../../src/bus/process-identity.js';
import { readGreeting } from '../../src/bus/server-process.js';
import { natsServers, testLog, until } from '../support/nats.js';

const parentScript = fileURLToPath(new URL('../support/nats-parent.js', import.meta.url));

/** What a parent process said first, and the process. */
async function startParent(dir: string, binary: string): Promise<{ child: ChildProcess; said: unknown }> {
  const child = spawn(process.execPath, [parentScript, dir, binary], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(child.stdout), 'line');
  return { child, said: JSON.parse(String(line)) };
}

function field(said: unknown, name: string): unknown {
  return typeof said === 'object' && said !== null
    ? Object.entries(said).find(([key]) => key === name)?.[1]
    : '';
}

async function runs(pid: unknown): Promise<boolean> {
  return (await startMark(Number(pid))) !== undefined;
}

/** Occupies a port with another program. */
async function occupy(port: number): Promise<{ port: number; free(): Promise<void> }> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return {
    port: address.port,
    free: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

for (const binary of await natsServers()) {
  describe(`the embedded nats-server ${binary.version}`, () => {
    let root: string;
    before(async () => {
      // a name that a configuration must quote
      root = await mkdtemp(join(tmpdir(), 'postern "emb" $x '));
    });
    after(() => rm(root, { recursive: true, force: true }));

    const start = async (name: string, options: { listen?: string; binary?: string } = {}) =>
      startEmbeddedServer({
        dir: join(root, name),
        binary: binary.path,
        authority: await loadOrCreateAuthority(join(root, name, 'keys')),
        log: testLog,
        ...options,
      });
    const portOf = (server: EmbeddedServer): number => Number(new URL(server.url).port);

    it('answers when it is said to run, on a port that it keeps, and is gone when stopped', async () => {
      const first = await start('plain');
      const { pid, url } = first;
      assert.equal(first.version, binary.version);
      assert.ok(await readGreeting('127.0.0.1', portOf(first), 10_000));
      for (const file of ['nats.conf', 'port']) {
        assert.equal((await stat(join(root, 'plain/nats', file))).mode & 0o077, 0, file);
      }
      await first.stop();
      await first.stop();
      assert.equal(await runs(pid), false);
      const second = await start('plain');
      assert.equal(second.url, url);
      await second.stop();
      const left = await readdir(join(root, 'plain/nats'));
      assert.deepEqual(
        left.filter((name) => /tmp|lock|old/.test(name)),
        [],
      );
    });

    it('is started again on the same port when it dies', async () => {
      const server = await start('dies');
      for (let times = 0; times < 3; times++) {
        const { pid } = server;
        process.kill(pid, 'SIGKILL');
        await until('another runs', async () => server.pid !== pid && (await runs(server.pid)));
        assert.ok(await readGreeting('127.0.0.1', portOf(server), 10_000));
      }
      const { pid } = server;
      await server.stop();
      assert.equal(await runs(pid), false);
    });

    it('is cleared away when its keeper was killed, and its successor works', async () => {
      const dir = join(root, 'orphan');
      const { child, said } = await startParent(dir, binary.path);
      const pid = field(said, 'pid');
      child.kill('SIGKILL');
      await once(child, 'exit');
      const leftOver = await runs(pid);
      const next = await start('orphan');
      assert.equal(next.url, field(said, 'url'));
      assert.equal(await runs(pid), false);
      assert.notEqual(next.pid, pid);
      await next.stop();
      assert.ok(leftOver, 'control: it was still running');
    });

    it('leaves alone a process that only has the number of one of ours', async () => {
      const dir = join(root, 'reused/nats');
      await mkdir(dir, { recursive: true });
      const other = spawn('sleep', ['60']);
      await writeFile(join(dir, 'nats.pid'), String(other.pid));
      // a lock of a process that ended, whose number another has now
      await writeFile(join(dir, 'lock-1'), JSON.stringify({ pid: other.pid, mark: 'long ago' }));
      const server = await start('reused');
      assert.equal(await runs(other.pid), true);
      await server.stop();
      other.kill();
    });

    it('is refused to a second keeper of the same directory', async () => {
      const dir = join(root, 'twice');
      const { child, said } = await startParent(dir, binary.path);
      assert.equal(field(said, 'ready'), true);
      await assert.rejects(start('twice'), {
        code: 'DATA_IN_USE',
        message: new RegExp(`process ${child.pid} `),
      });
      assert.equal(await runs(field(said, 'pid')), true, 'the first is undisturbed');
      child.kill('SIGTERM');
      const [code] = await once(child, 'exit');
      assert.equal(code, 0);
      assert.equal(await runs(field(said, 'pid')), false, 'it does not outlive a normal end');
      const mine = await start('twice');
      await assert.rejects(start('twice'), { code: 'DATA_IN_USE' });
      await mine.stop();
    });

    it('is given to exactly one of several that start at once over a left-over lock', async () => {
      const path = join(root, 'lock');
      for (let round = 0; round < 5; round++) {
        await writeFile(`${path}-1`, JSON.stringify({ pid: process.pid, mark: 'long ago' }));
        const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockDirectory(path)));
        const won = tries.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
        assert.equal(won.length, 1);
        for (const release of won) await release();
      }
      const left = (await readdir(root)).filter((name) => name.startsWith('lock'));
      assert.deepEqual(left, []);
    });

    it('takes another port than a busy one that it chose, but not than one that it was told', async () => {
      const first = await start('busy');
      const port = portOf(first);
      await first.stop();
      const other = await occupy(port);
      const second = await start('busy');
      assert.notEqual(portOf(second), port);
      assert.equal(Number(await readFile(join(root, 'busy/nats/port'), 'utf8')), portOf(second));
      await second.stop();
      await assert.rejects(start('busy', { listen: `127.0.0.1:${port}` }), (error: unknown) => {
        assert.ok(error instanceof Error && 'code' in error);
        assert.equal(error.code, 'PORT_IN_USE');
        assert.match(error.message, new RegExp(`port ${port} `));
        return true;
      });
      await other.free();
      const third = await start('busy', { listen: `127.0.0.1:${port}` });
      assert.equal(portOf(third), port);
      await third.stop();
    });

    it('says what is wrong with a program, an address or a directory', async () => {
      await assert.rejects(start('bad', { binary: '/no/such/program' }), {
        code: 'NATS_START',
        message: /ENOENT/,
      });
      await assert.rejects(start('bad', { binary: '/bin/false' }), {
        code: 'NATS_START',
        message: /exited with 1/,
      });
      for (const listen of ['4222', 'localhost', '127.0.0.1:99999', ':1']) {
        await assert.rejects(start('bad', { listen }), { code: 'LISTEN_INVALID', exitCode: 2 }, listen);
      }
      const works = await start('bad');
      await works.stop();

      const authority = await loadOrCreateAuthority(join(root, 'bad/keys'));
      const file = join(root, 'file');
      await writeFile(file, '');
      const options = { binary: binary.path, authority, log: testLog };
      await assert.rejects(startEmbeddedServer({ ...options, dir: join(file, 'x') }), {
        code: 'DATA_UNUSABLE',
      });
      if (process.getuid?.() !== 0) {
        const closed = join(root, 'closed');
        await mkdir(closed);
        await chmod(closed, 0o500);
        await assert.rejects(startEmbeddedServer({ ...options, dir: closed }), { code: 'DATA_UNUSABLE' });
      }
    });
  });
}
