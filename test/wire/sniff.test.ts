import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, describe, test } from 'node:test';
import { headers, preface, settings } from './frames.js';
import { cleanUp, dial, drained, front } from './front-harness.js';
import { call, rawClient, until } from './harness.js';

afterEach(cleanUp);

describe('telling protocols apart', () => {
  const callFrames = Buffer.concat([
    preface,
    settings,
    headers(1, {
      ':method': 'POST',
      ':scheme': 'http',
      ':path': '/a.B/C',
      ':authority': 'localhost',
      'content-type': 'application/grpc',
    }),
  ]);

  test('HTTP/2 is told byte by byte and in one piece', async () => {
    const { address } = await front();
    for (const size of [1, 7, 23, 24, 25, callFrames.length]) {
      const socket = dial(address);
      socket.setNoDelay(true);
      let received = Buffer.alloc(0);
      socket.on('data', (chunk) => {
        received = Buffer.concat([received, chunk]);
      });
      await once(socket, 'connect');
      for (let at = 0; at < callFrames.length; at += size) {
        socket.write(callFrames.subarray(at, at + size));
        await new Promise((resolve) => setImmediate(resolve));
      }
      // A HEADERS frame on stream 1 with END_STREAM and END_HEADERS is the answer.
      const answer = Buffer.from([1, 5, 0, 0, 0, 1]);
      await until(() => received.includes(answer), `an answer to pieces of ${size} bytes`);
      socket.destroy();
    }
  });

  test('HTTP/1.1 is told byte by byte and in one piece', async () => {
    const { address } = await front();
    const request = 'GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
    for (const size of [1, 5, request.length]) {
      const socket = dial(address);
      const text = drained(socket);
      for (let at = 0; at < request.length; at += size) {
        socket.write(request.slice(at, at + size));
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.match(await text, /^HTTP\/1\.1 200 OK[\s\S]*hello over HTTP\/1\.1/);
    }
  });

  test('a method that begins like the preface is HTTP/1.1', async () => {
    const { address } = await front();
    const socket = dial(address);
    const text = drained(socket);
    socket.write('PROPFIND /x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    assert.match(await text, /^HTTP\/1\.1 200 OK/);
  });

  test('junk is closed without an answer', async () => {
    const { address } = await front();
    for (const junk of [
      '\x16\x03\x01\x02\x00',
      '{"token":',
      'hello there\r\n',
      '\0',
      'PRI * HTTP/1.0\r\n\r\nxx',
      'INVALID CONNECTION PREFACE\r\n\r\n',
    ]) {
      const socket = dial(address);
      const text = drained(socket);
      socket.write(junk, 'latin1');
      assert.equal(await text, '', JSON.stringify(junk));
    }
  });

  test('a silent connection, and one that stops within the preface, is cut', async () => {
    const { address } = await front({ limits: { silentMs: 80 } });
    for (const bytes of [undefined, preface.subarray(0, 10)]) {
      const socket = dial(address);
      const startedAt = performance.now();
      const text = drained(socket);
      if (bytes !== undefined) socket.write(bytes);
      assert.equal(await text, '');
      assert.ok(performance.now() - startedAt >= 75);
    }
  });

  test('a connection that ends before it has said anything harms nobody', async () => {
    const { address } = await front();
    for (const end of ['end', 'destroy', 'resetAndDestroy'] as const) {
      const socket = dial(address);
      await once(socket, 'connect');
      socket.write('PR');
      const closed = once(socket, 'close');
      socket[end]();
      await closed;
    }
    const client = await rawClient(address);
    assert.equal((await call(client)).head?.headers['grpc-status'], '0');
    client.destroy();
  });
});
