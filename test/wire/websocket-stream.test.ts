import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { WebSocketStream } from '../../src/wire/websocket-stream.js';
import { eventually } from '../support/processes.js';

let server: WebSocketServer;

before(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
});
after(() => {
  for (const client of server.clients) client.terminate();
  server.close();
});

/** A client's socket and the server's, both raw. */
async function sockets(): Promise<{ near: WebSocket; far: WebSocket }> {
  const bound = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  const arrived = once(server, 'connection');
  const near = new WebSocket(`ws://127.0.0.1:${bound.port}`, { perMessageDeflate: false });
  near.on('error', () => {});
  const [far] = await arrived;
  if (near.readyState !== near.OPEN) await once(near, 'open');
  return { near, far };
}

async function bytesOf(stream: WebSocketStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('no message is longer than agreed, and the bytes arrive in order', async () => {
  const { near, far } = await sockets();
  const sizes: number[] = [];
  far.on('message', (data: Buffer) => sizes.push(data.length));
  const [out, back] = [new WebSocketStream(near, 512), new WebSocketStream(far, 65_536)];
  const body = randomBytes(100_003);
  out.write(body.subarray(0, 512));
  out.write(body.subarray(512, 1025));
  out.end(body.subarray(1025));
  assert.ok((await bytesOf(back)).equals(body));
  assert.equal(Math.max(...sizes), 512);
  assert.equal(
    sizes.reduce((sum, size) => sum + size, 0),
    body.length,
  );
});

test('a reader that has stopped holds the writer, and loses nothing when it goes on', async () => {
  const { near, far } = await sockets();
  const [out, back] = [new WebSocketStream(near, 65_536), new WebSocketStream(far, 65_536)];
  const chunk = randomBytes(65_536);
  let acknowledged = 0;
  const chunks = 512;
  for (let i = 0; i < chunks; i += 1) {
    out.write(chunk, () => {
      acknowledged += 1;
    });
  }
  out.end();
  let before = -1;
  await eventually('the writer stands still', () => {
    const still = acknowledged === before;
    before = acknowledged;
    return still;
  });
  assert.ok(acknowledged < chunks, 'everything was taken although nobody reads');
  assert.equal((await bytesOf(back)).length, chunks * chunk.length);
});

test('a text message ends the stream and is answered with code 1003', async () => {
  const { near, far } = await sockets();
  const stream = new WebSocketStream(near, 512);
  const closed = once(far, 'close');
  far.send('text');
  const [error] = await once(stream, 'error');
  assert.match(String(error), /text message/);
  assert.equal((await closed)[0], 1003);
});

test('a close with a reason is told, and one without error ends the stream', async () => {
  const refused = await sockets();
  const stream = new WebSocketStream(refused.near, 512);
  refused.far.close(4001, 'superseded');
  const [error] = await once(stream, 'error');
  assert.match(String(error), /code 4001: superseded/);
  const ended = await sockets();
  const other = new WebSocketStream(ended.near, 512);
  ended.far.close(1000);
  assert.equal((await bytesOf(other)).length, 0);
});

test('destroying the stream closes the socket, also when the other side does not answer', async () => {
  const { near, far } = await sockets();
  const stream = new WebSocketStream(near, 512);
  far.pause();
  stream.destroy();
  await eventually('the socket is closed', () => near.readyState === near.CLOSED);
});
