import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import type { BusStatus } from '../../src/bus/bus.js';
import { startTestNats, until } from '../support/nats.js';

const greeting = JSON.stringify({
  server_id: 'slow',
  version: '2.12.0',
  max_payload: 1024 * 1024,
  nonce: 'n',
});

test('credentials that come too late for a server that is busy are shown again', async (t) => {
  const nats = await startTestNats();
  t.after(() => nats.stop());
  const { hostname, port } = new URL(nats.server.url);
  const through = new Set<Socket>();
  let late = 2;
  let tooLate = 0;
  const front = createServer((socket) => {
    socket.on('error', () => {});
    if (late > 0) {
      late -= 1;
      tooLate += 1;
      socket.write(`INFO ${greeting}\r\n`);
      socket.once('data', () => socket.end("-ERR 'Authentication Timeout'\r\n"));
      return;
    }
    const server = connect(Number(port), hostname);
    server.on('error', () => {});
    through.add(socket);
    socket.pipe(server).pipe(socket);
    socket.once('close', () => server.destroy());
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  t.after(() => front.close());
  const address = front.address();
  assert.ok(address !== null && typeof address === 'object');

  const { identity, credentials } = await nats.credentials('watcher');
  const servers = [`nats://127.0.0.1:${address.port}`];
  const bus = await nats.connect(identity, credentials, { servers });
  assert.equal(tooLate, 2, 'the first connection');

  const told: BusStatus['type'][] = [];
  bus.onStatus(({ type }) => told.push(type));
  // More often than a refusal would be borne.
  late = 4;
  for (const socket of through) socket.destroy();
  await until('it is back', () => told.includes('reconnected') || told.includes('closed'));
  assert.deepEqual(told, ['disconnected', 'reconnected']);
  assert.equal(tooLate, 6);
  await bus.close();
});
