import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { jwtAuthenticator } from 'nats';
import { connectNats } from '../../src/bus/transport.js';
import { startTestNats } from '../support/nats.js';
import { eventually } from '../support/processes.js';

/** After the first of this size the client holds nothing back. */
const large = new Uint8Array(70_000);

test('a connection that is closed right after its server ended it, with something to say, harms nobody', async (t) => {
  const nats = await startTestNats();
  t.after(() => nats.stop());
  const sockets: Socket[] = [];
  const opened = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    sockets.push(socket);
  };
  subscribe('net.client.socket', opened);
  t.after(() => unsubscribe('net.client.socket', opened));
  const { credentials } = await nats.credentials('hub');
  const client = await connectNats({
    servers: nats.server.url,
    authenticator: jwtAuthenticator(credentials.jwt, new TextEncoder().encode(credentials.seed)),
    maxReconnectAttempts: -1,
    noAsyncTraces: true,
  });
  t.after(() => client.close());
  const socket = sockets.at(-1) ?? assert.fail('no socket was opened');

  const given = new Promise<void>((resolve) => {
    socket.once('end', () => {
      // Node ends the writing side right after those who listen here.
      process.nextTick(() => {
        assert.equal(socket.writable, false);
        client.publish('postern.hub.beat.x', large);
        client.publish('postern.hub.beat.x', large);
        void client.close().finally(resolve);
      });
    });
  });
  process.kill(nats.server.pid, 'SIGKILL');
  await given;
  await eventually('the socket is gone', () => socket.closed);
});
