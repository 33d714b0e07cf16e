import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { tcp, until } from './harness.js';
import { echo, sumOf } from './http-proxy-flow.js';
import { startOrigin, startProxy, startRawOrigin } from './http-proxy-harness.js';

const megabyte = 1_048_576;

describe('bodies flow through', () => {
  for (const protocol of ['HTTP/1.1', 'HTTP/2'] as const) {
    it(`both ways at once over ${protocol}, unchanged`, async () => {
      const { bytes, sum } = await echo(16 * megabyte, protocol);
      assert.equal(bytes, 16 * megabyte);
      assert.equal(sum, sumOf(16 * megabyte));
    });
  }

  it('no faster than the client reads', async () => {
    let sent = 0;
    const chunk = Buffer.alloc(65_536);
    const origin = await startOrigin((_request, response) => {
      response.on('error', () => {});
      const more = (): void => {
        let goOn = true;
        while (goOn && !response.destroyed) {
          sent += chunk.length;
          goOn = response.write(chunk);
        }
      };
      response.on('drain', more);
      more();
    });
    const proxy = await startProxy(origin.port);
    const socket = connect(tcp(proxy.address));
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'readable');
    const settled = await stops(() => sent);
    // What the system's own buffers take between three sockets.
    assert.ok(settled < 32 * megabyte, `${settled} bytes`);
    socket.destroy();
    await until(() => proxy.origin.inFlight === 0, 'it is over');
    await proxy.stop();
    origin.stop();
  });

  it('no faster than the origin reads', async () => {
    const origin = await startRawOrigin(undefined);
    // Whoever does not read does not see either that the client is gone.
    const proxy = await startProxy(origin.port, { idleMs: 3_000 });
    const socket = connect(tcp(proxy.address));
    socket.on('error', () => {});
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n');
    await until(() => origin.sockets.length === 1, 'the origin is asked');
    origin.sockets[0]?.pause();
    const chunk = Buffer.alloc(65_536);
    const more = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', more);
    more();
    const settled = await stops(() => socket.bytesWritten - socket.writableLength);
    assert.ok(settled < 32 * megabyte, `${settled} bytes`);
    socket.destroy();
    await until(() => proxy.origin.inFlight === 0, 'it is over');
    await proxy.stop();
    origin.stop();
  });
});

/** What a number is that has not changed for half a second. */
async function stops(read: () => number): Promise<number> {
  let last = -1;
  for (let round = 0; round < 60; round++) {
    const now = read();
    if (now === last && now > 0) return now;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error('it never stops');
}
