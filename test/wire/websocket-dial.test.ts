import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { dialWebSocket } from '../../src/wire/websocket-dial.js';
import { WebSocketStream } from '../../src/wire/websocket-stream.js';

test('what comes in one piece with the answer to the upgrade is not lost', async (t) => {
  const server = createServer();
  server.on('upgrade', ({ headers }, socket) => {
    t.after(() => socket.destroy());
    const given = `${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${createHash('sha1').update(given).digest('base64')}`,
    ];
    const message = Buffer.concat([Buffer.from([0x82, 5]), Buffer.from('first')]);
    socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), message]));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const socket = await dialWebSocket({ url: new URL(`ws://127.0.0.1:${port}/`), timeoutMs: 5_000 });
  t.after(() => socket.terminate());
  await new Promise(setImmediate);
  const [bytes] = await once(new WebSocketStream(socket, 1_024), 'data', {
    signal: AbortSignal.timeout(5_000),
  });
  assert.equal(String(bytes), 'first');
});
