import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import fc from 'fast-check';
import { Gate } from '../../src/wire/gate.js';
import type { Disturbance, DisturbanceKind } from '../../src/wire/impaired/disturbance.js';
import { awakeTime } from '../support/awake-time.js';
import { testCertificate } from './certificate.js';

const disturbing = (kind: DisturbanceKind, more: Partial<Disturbance> = {}): Disturbance => ({
  ...{ kind, direction: 'both', share: 0, delayMs: 0, jitterMs: 0, bytesPerSecond: 0, seed: 's' },
  endsAtMs: Date.now() + 60_000,
  ...more,
});

/** What comes back, until so much has come. */
async function taken(socket: Socket, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sum = 0;
  await new Promise<void>((resolve) => {
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      sum += chunk.length;
      if (sum < bytes) return;
      socket.off('data', take);
      resolve();
    };
    socket.on('data', take);
  });
  return Buffer.concat(chunks);
}

async function echoing(t: TestContext): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('whatever disturbs a gate, what goes through it comes whole and in order, and it costs nothing before and after', async (t) => {
  const port = await echoing(t);
  const gate = new Gate();
  const socket = gate.enter(connect(port, '127.0.0.1'));
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  assert.deepEqual(
    Object.keys(socket).filter((key) => ['push', '_read', '_write', '_final'].includes(key)),
    [],
  );
  const some = fc.record({
    kind: fc.constantFrom<DisturbanceKind>('stall', 'loss', 'rate', 'delay'),
    direction: fc.constantFrom('in', 'out', 'both'),
    share: fc.constant(0.02),
    delayMs: fc.integer({ min: 1, max: 5 }),
    jitterMs: fc.integer({ min: 0, max: 5 }),
    forMs: fc.nat(20),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(some, { maxLength: 3 }),
      fc.integer({ min: 1, max: 90_000 }),
      async (all, size) => {
        const sent = randomBytes(size);
        const came = taken(socket, size);
        const acting = all.map(async ({ forMs, ...more }) => {
          const end = gate.disturb(disturbing(more.kind, { ...more, bytesPerSecond: 5_000_000 }));
          await sleep(forMs);
          end();
        });
        for (let at = 0; at < size; at += 30_000) {
          socket.write(sent.subarray(at, at + 30_000));
          await sleep(1);
        }
        assert.ok((await came).equals(sent), 'other bytes came');
        await Promise.all(acting);
      },
    ),
    { numRuns: 10 },
  );
  const { push, _read, _write, _writev, _final } = socket;
  const plain = Object.getPrototypeOf(socket);
  assert.deepEqual(
    [push, _read, _write, _writev, _final],
    [plain.push, plain._read, plain._write, plain._writev, plain._final],
  );
});

test('through a gate that delays each word comes as much later, and none waits for the one before', async (t) => {
  const gate = new Gate();
  const socket = gate.enter(connect(await echoing(t), '127.0.0.1'));
  t.after(() => socket.destroy());
  const end = gate.disturb(disturbing('delay', { delayMs: 400 }));
  const came = taken(socket, 40);
  for (let i = 0; i < 40; i++) {
    socket.write('x');
    await sleep(1);
  }
  const writtenMs = performance.now();
  const awake = awakeTime();
  await came;
  // There and back; with a wait for the one before it would be 400 more.
  const ms = performance.now() - writtenMs;
  const awakeMs = awake.stop();
  assert.ok(ms >= 785 && awakeMs < 1_150, `${ms} ms, awake for ${awakeMs}`);
  end();
});

test('what is encrypted is disturbed too, and a reset breaks what is connected and what comes', async (t) => {
  const { key, cert } = await testCertificate();
  const server = createTlsServer({ key, cert }, (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const gate = new Gate();
  const port = (server.address() as AddressInfo).port;
  const dial = (): Socket => {
    const socket = gate.enter(connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }));
    socket.on('error', () => {});
    t.after(() => socket.destroy());
    return socket;
  };
  const socket = dial();
  await once(socket, 'secureConnect');
  const ends = [disturbing('stall'), disturbing('delay', { delayMs: 20 })].map((one) => gate.disturb(one));
  const sent = randomBytes(100_000);
  let heard = false;
  socket.once('data', () => {
    heard = true;
  });
  const came = taken(socket, sent.length);
  for (let at = 0; at < sent.length; at += 10_000) socket.write(sent.subarray(at, at + 10_000));
  await sleep(30);
  assert.equal(heard, false);
  ends[0]?.();
  assert.ok((await came).equals(sent));
  ends[1]?.();

  const closed = new Promise((resolve) => socket.once('close', resolve));
  const end = gate.disturb(disturbing('reset'));
  await closed;
  const other = dial();
  assert.equal(other.destroyed, true);
  end();
  await once(dial(), 'secureConnect');
});
