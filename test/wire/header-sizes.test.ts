import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import { afterEach, describe, test } from 'node:test';
import { cleanUp, dial, drained, front, target } from './front-harness.js';
import { call, rawClient, requestHeaders, until, watch } from './harness.js';

afterEach(cleanUp);

const mebibyte = 1_048_576;

describe('headers that are too long', { timeout: 30_000 }, () => {
  test('of HTTP/1.1 are told so, whether in one field, many, or the target', async () => {
    const { address } = await front();
    const long = (bytes: number): string[] => [
      `GET / HTTP/1.1\r\nhost: x\r\na: ${'a'.repeat(bytes)}\r\n\r\n`,
      `GET / HTTP/1.1\r\nhost: x\r\n${'a: b\r\n'.repeat(bytes / 4)}\r\n`,
      `GET /${'a'.repeat(bytes)} HTTP/1.1\r\nhost: x\r\n\r\n`,
    ];
    for (const request of [...long(20_000), ...long(mebibyte)]) {
      const socket = dial(address);
      socket.write(request);
      assert.match(
        await drained(socket),
        /^HTTP\/1\.1 431 [\s\S]*(longer than 16384 bytes|more than 1000 fields)/,
      );
    }
    const socket = dial(address);
    socket.write(`GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\na: ${'a'.repeat(15_000)}\r\n\r\n`);
    assert.match(await drained(socket), /^HTTP\/1\.1 200 /);
  });

  test('of HTTP/2 in too many fields end their call alone', async () => {
    const { address } = await front();
    const client = await rawClient(address);
    target.hold = true;
    const open = watch(client.request(requestHeaders(), { endStream: true }));
    await until(() => target.sinks.length === 1, 'a call is open');
    const many = await call(client, { 'x-many': Array.from({ length: 4_100 }, () => 'a') });
    assert.equal(many.head, undefined);
    assert.equal(many.rstCode, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    assert.equal(target.sinks.length, 1);
    target.release();
    assert.equal((await open.closed).head?.headers['grpc-status'], '0');
    client.destroy();
  });

  test('of HTTP/2 with a megabyte reach nobody, and other connections go on', async () => {
    const { address } = await front();
    const other = await rawClient(address);
    target.hold = true;
    const open = watch(other.request(requestHeaders(), { endStream: true }));
    await until(() => target.sinks.length === 1, 'a call is open');
    const fields = (count: number, bytes: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, '~'.repeat(bytes)]));
    for (const headers of [fields(1, mebibyte - 1_000), fields(17, 60_000), fields(100, 10_000)]) {
      const client = await rawClient(address);
      const { head } = await call(client, headers);
      assert.equal(head, undefined);
      client.destroy();
    }
    assert.equal(target.sinks.length, 1);
    target.release();
    assert.equal((await open.closed).head?.headers['grpc-status'], '0');
    other.destroy();
  });
});
