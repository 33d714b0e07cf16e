import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { BusCredentials } from '../../src/bus/authority.js';
import type { BusStatus } from '../../src/bus/bus.js';
import { connectBus } from '../../src/bus/connect.js';
import { startEmbeddedServer } from '../../src/bus/embedded-server.js';
import { createUserKey } from '../../src/bus/nkeys.js';
import { serverConfig } from '../../src/bus/server-config.js';
import { freePort, startServerProcess } from '../../src/bus/server-process.js';
import { subjects } from '../../src/bus/subjects.js';
import { replacePrivateFile } from '../../src/private-file.js';
import { natsServers, startTestNats, type TestNats, testLog, until } from '../support/nats.js';

const servers = await natsServers();

// these mostly wait for credentials to expire
describe('credentials', () => {
  for (const binary of servers) {
    describe(`on nats-server ${binary.version}`, { concurrency: true }, () => {
      let nats: TestNats;
      before(async () => {
        nats = await startTestNats(binary);
      });
      after(() => nats.stop());

      it('that are renewed in time keep the link beyond their end', async () => {
        const { publicKey, seed } = createUserKey();
        const identity = { role: 'agent', node: 'n1', publicKey } as const;
        const mint = async (): Promise<BusCredentials> => ({
          jwt: await nats.authority.mint({ identity, name: 'short', ttlSeconds: 4 }),
          seed,
        });
        let current = await mint();
        const renewal = setInterval(() => {
          mint().then((renewed) => {
            current = renewed;
          }, assert.fail);
        }, 500);
        const bus = await nats.connect(identity, current, { credentials: () => current });
        const told: BusStatus[] = [];
        bus.onStatus((status) => told.push(status));
        await until('it expired and was renewed', () => {
          return told.filter(({ type }) => type === 'reconnected').length >= 1;
        });
        clearInterval(renewal);
        assert.ok(told.every(({ type }) => type !== 'closed'));
        assert.match(JSON.stringify(told[0]), /expired/i);
        await bus.close();
      });

      it('that are not renewed end the connection for good', async () => {
        const { identity, credentials } = await nats.credentials('watcher', undefined, 4);
        const bus = await nats.connect(identity, credentials);
        const told: BusStatus[] = [];
        bus.onStatus((status) => told.push(status));
        await until('it is closed', () => told.some(({ type }) => type === 'closed'));
        const last = told.at(-1);
        assert.deepEqual([last?.type, bus.connected], ['closed', false]);
        assert.match(last?.type === 'closed' ? last.reason : '', /refused our credentials/);
      });

      it('that the server does not know are refused at once, whichever way it is dialed', async () => {
        const stranger = await startTestNats(binary);
        const { identity, credentials } = await stranger.credentials('hub');
        await stranger.stop();
        for (const firstConnect of ['fail', 'wait'] as const) {
          await assert.rejects(nats.connect(identity, credentials, { firstConnect }), {
            code: 'BUS_REFUSED',
            exitCode: 1,
          });
        }
      });

      it('that cannot be read any more do not end the connection', async () => {
        const { identity, credentials } = await nats.credentials('watcher');
        let fail = false;
        const own = await startTestNats(binary);
        const mine = await own.credentials('watcher');
        const bus = await own.connect(mine.identity, mine.credentials, {
          credentials: () => {
            if (fail) throw new Error('on purpose');
            return mine.credentials;
          },
        });
        fail = true;
        process.kill(own.server.pid, 'SIGKILL');
        await until('the loss is seen', () => !bus.connected);
        await until('it is back', () => bus.connected);
        await own.stop();
        assert.ok(identity.publicKey !== credentials.seed);
      });

      it('wait for a server that is not there yet', async () => {
        const own = await startTestNats(binary);
        const { identity, credentials } = await own.credentials('hub');
        await own.server.stop();
        const connecting = own.connect(identity, credentials, { firstConnect: 'wait' });
        const again = await startEmbeddedServer({
          dir: own.dir,
          binary: binary.path,
          authority: own.authority,
          log: testLog,
        });
        const bus = await connecting;
        assert.equal(bus.connected, true);
        await bus.close();
        await again.stop();
        await own.stop();
      });

      it('tell a server without JetStream from one that works', async () => {
        const port = await freePort('127.0.0.1');
        const config = `${nats.dir}/plain.conf`;
        const text = await serverConfig(nats.authority, {
          listen: `127.0.0.1:${port}`,
          storeDirectory: '/nowhere',
          name: 'plain',
        });
        await replacePrivateFile(config, text.replace(/jetstream \{[^}]*\}/, ''));
        const server = await startServerProcess({
          binary: binary.path,
          config,
          name: 'plain',
          host: '127.0.0.1',
          port,
          log: testLog,
        });
        const dial = async (role: 'hub' | 'watcher') => {
          const { identity, credentials } = await nats.credentials(role);
          const options = { servers: [`nats://127.0.0.1:${port}`], timeoutMs: 3_000 };
          return nats.connect(identity, credentials, options);
        };
        await assert.rejects(dial('hub'), { code: 'BUS_NO_JETSTREAM', exitCode: 1 });
        const watcher = await dial('watcher');
        const { live, stop } = watcher.follow(subjects.nodeTransition, {}, () => {});
        stop();
        await live;
        await watcher.close();
        await server.stop();
      });
    });
  }

  it('wait no longer than they are told to, and say what to do', async () => {
    const port = await freePort('127.0.0.1');
    const { publicKey, seed } = createUserKey();
    const options = {
      servers: [`nats://127.0.0.1:${port}`],
      identity: { role: 'watcher', publicKey },
      credentials: () => ({ jwt: 'x', seed }),
      name: 'test',
      log: testLog,
      timeoutMs: 2_000,
    } as const;
    const failing = connectBus({ ...options, firstConnect: 'fail' });
    await assert.rejects(failing, (error: unknown) => {
      assert.ok(error instanceof Error && 'code' in error && 'hint' in error);
      assert.equal(error.code, 'BUS_UNREACHABLE');
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}.*ECONNREFUSED`));
      assert.match(String(error.hint), /--nats/);
      return true;
    });
    const controller = new AbortController();
    const waiting = connectBus({ ...options, firstConnect: 'wait', signal: controller.signal });
    setTimeout(() => controller.abort(), 100);
    await assert.rejects(waiting, { code: 'BUS_ABORTED' });
  });

  it('are not shown to a server that is too old, nor for long to one that says nothing', async (t) => {
    const { publicKey, seed } = createUserKey();
    const port = await speak(
      t,
      '{"server_id":"X","version":"2.8.4","proto":1,"max_payload":1024,"nonce":"abc"}',
    );
    const silent = await speak(t, undefined);
    const dial = (to: number, timeoutMs: number) =>
      connectBus({
        servers: [`nats://127.0.0.1:${to}`],
        identity: { role: 'watcher', publicKey },
        credentials: () => ({ jwt: 'x', seed }),
        name: 'test',
        log: testLog,
        firstConnect: 'fail',
        timeoutMs,
      });
    await assert.rejects(dial(port, 10_000), { code: 'BUS_VERSION', message: /2\.8\.4/ });
    await assert.rejects(dial(silent, 400), { code: 'BUS_UNREACHABLE' });
  });
});

/** A listener that greets with `info` and then answers every PING: a server of a version that cannot be had any more. */
async function speak(t: TestContext, info: string | undefined): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    if (info === undefined) return;
    socket.write(`INFO ${info}\r\n`);
    socket.on('data', (chunk) => {
      if (chunk.includes('PING')) socket.write('PONG\r\n');
    });
    socket.on('error', () => {});
  });
  // The client does not close a connection on which the server has said nothing in time.
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}
