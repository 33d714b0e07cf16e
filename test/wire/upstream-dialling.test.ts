import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, test } from 'node:test';
import { ServerCredentials } from '@grpc/grpc-js';
import { parseAddress } from '../../src/wire/address.js';
import type { UpstreamOptions } from '../../src/wire/http2-upstream.js';
import { startInteropServer } from '../support/interop/server.js';
import { testCertificate } from './certificate.js';
import { addressInfo, startRawServer, until, valuesOf } from './harness.js';

import { answerOk, cleanUp, onCleanUp, open, succeed, upstreamTo } from './upstream-harness.js';

afterEach(cleanUp);

describe('reaching the server', () => {
  test('a refused connection names the address and says that nothing was sent', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = addressInfo(closed.address());
    closed.close();
    await once(closed, 'close');
    const upstream = upstreamTo({ address: { host: '127.0.0.1', port } });
    const calls = [open(upstream), open(upstream), open(upstream)];
    for (const { sink } of calls) {
      const { reset } = await sink.over;
      assert.equal(reset?.status, 14);
      assert.equal(reset?.refused, true);
      assert.equal(reset?.remote, false);
      assert.match(
        reset?.message ?? '',
        new RegExp(`127\\.0\\.0\\.1:${port} cannot be reached: connection refused`),
      );
    }
    assert.equal(upstream.inFlight, 0);
    assert.equal(upstream.connections, 0);
  });

  test('a server that comes up later is reached by the next call', async () => {
    const probe = await startRawServer(answerOk);
    const { address } = probe;
    const upstream = upstreamTo({ address });
    await succeed(upstream);
    await probe.close();
    await until(() => upstream.connections === 0, 'the old connection is gone');
    assert.equal((await open(upstream).sink.over).reset?.status, 14);
    assert.ok('port' in address);
    const server = await startInteropServer({ address: `127.0.0.1:${address.port}` });
    onCleanUp(() => server.kill());
    const { sink, call } = open(upstream, { path: '/grpc.testing.TestService/EmptyCall' });
    call.write(Buffer.alloc(5));
    call.end();
    assert.deepEqual(valuesOf((await sink.over).trailers ?? [], 'grpc-status'), ['0']);
  });

  test('a server that accepts and says nothing is given up in time', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onCleanUp(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const { port } = addressInfo(silent.address());
    const upstream = upstreamTo({ address: { host: '127.0.0.1', port }, connectTimeoutMs: 100 });
    const startedAt = performance.now();
    const { reset } = await open(upstream).sink.over;
    assert.ok(performance.now() - startedAt < 5_000);
    assert.equal(reset?.status, 14);
    assert.equal(reset?.refused, true);
    assert.match(reset?.message ?? '', /no HTTP\/2 settings within/);
  });

  test('a server of another protocol is told', async () => {
    const http1 = createServer((socket) => {
      socket.on('error', () => {});
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    }).listen(0, '127.0.0.1');
    await once(http1, 'listening');
    onCleanUp(() => {
      http1.close();
    });
    const upstream = upstreamTo({ address: { host: '127.0.0.1', port: addressInfo(http1.address()).port } });
    const { reset } = await open(upstream).sink.over;
    assert.equal(reset?.refused, true);
    assert.match(reset?.message ?? '', /does not speak HTTP\/2/);
  });

  test('TLS to a server that has none is told in one line', async () => {
    const server = await startInteropServer();
    onCleanUp(() => server.kill());
    const { reset } = await open(upstreamTo({ address: parseAddress(server.address), tls: {} })).sink.over;
    assert.match(reset?.message ?? '', /cannot be reached: it does not speak TLS$/);
  });

  test('a deadline ends a call that still waits for a connection', async () => {
    const upstream = upstreamTo({ address: { host: '192.0.2.1', port: 9 }, connectTimeoutMs: 5_000 });
    const { reset } = await open(upstream, { timeoutMs: 60 }).sink.over;
    // A machine without any network says so at once.
    assert.ok(reset?.status === 4 || /cannot be reached/.test(reset?.message ?? ''));
    assert.equal(reset?.refused, true);
  });

  test('TLS demands a certificate that fits', async () => {
    const { key, cert } = await testCertificate();
    const credentials = ServerCredentials.createSsl(null, [{ private_key: key, cert_chain: cert }]);
    const server = await startInteropServer({ credentials });
    onCleanUp(() => server.kill());
    const address = parseAddress(server.address);
    const failures: [UpstreamOptions, RegExp][] = [
      [{ address, tls: {} }, /self-signed certificate/],
      [{ address, tls: { ca: cert, servername: 'elsewhere' } }, /does not match certificate's altnames/],
      [{ address }, /does not speak HTTP\/2|was closed/],
    ];
    for (const [options, why] of failures) {
      const { reset } = await open(upstreamTo(options)).sink.over;
      assert.equal(reset?.status, 14);
      assert.equal(reset?.refused, true);
      assert.match(reset?.message ?? '', why);
    }
    const upstream = upstreamTo({ address, tls: { rejectUnauthorized: false } });
    const { sink, call } = open(upstream, { path: '/grpc.testing.TestService/EmptyCall' });
    call.write(Buffer.alloc(5));
    call.end();
    assert.deepEqual(valuesOf((await sink.over).trailers ?? [], 'grpc-status'), ['0']);
  });
});
