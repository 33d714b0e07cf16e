import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants, type ServerHttp2Stream } from 'node:http2';
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, test } from 'node:test';
import { ServerCredentials } from '@grpc/grpc-js';
import type { CallHead, CallReset, CallSink, RawMetadata } from '../../src/rpc/call.js';
import { parseAddress } from '../../src/wire/address.js';
import { Http2Upstream, type UpstreamOptions } from '../../src/wire/http2-upstream.js';
import { startInteropServer } from '../support/interop/server.js';
import { testCertificate } from './certificate.js';
import { addressInfo, startRawServer, until, valuesOf } from './harness.js';

const path = '/t.S/M';
const ok = { ':status': 200, 'content-type': 'application/grpc' };
const cleanups: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function upstreamTo(options: UpstreamOptions): Http2Upstream {
  const upstream = new Http2Upstream(options);
  cleanups.push(() => upstream.close());
  return upstream;
}

async function rawServer(...args: Parameters<typeof startRawServer>): ReturnType<typeof startRawServer> {
  const server = await startRawServer(...args);
  cleanups.push(() => server.close());
  return server;
}

/** Records what a target tells, and checks that it keeps the rules of the seam. */
class Recorder implements CallSink {
  metadata: RawMetadata | undefined;
  readonly chunks: Uint8Array[] = [];
  ended: { trailers?: RawMetadata; reset?: CallReset } | undefined;
  drains = 0;
  opened = false;
  readonly over: Promise<{ trailers?: RawMetadata; reset?: CallReset }>;
  #settle: (end: { trailers?: RawMetadata; reset?: CallReset }) => void = () => {};

  constructor() {
    this.over = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  head(metadata: RawMetadata): void {
    this.#check();
    assert.equal(this.metadata, undefined, 'one head');
    assert.equal(this.chunks.length, 0, 'the head comes before the data');
    this.metadata = metadata;
  }

  data(chunk: Uint8Array): void {
    this.#check();
    this.chunks.push(chunk);
  }

  trailers(metadata: RawMetadata): void {
    this.#end({ trailers: metadata });
  }

  reset(reset: CallReset): void {
    this.#end({ reset });
  }

  drain(): void {
    this.#check();
    this.drains += 1;
  }

  #check(): void {
    assert.ok(this.opened, 'nothing is called before open has returned');
    assert.equal(this.ended, undefined, 'nothing is called after the end');
  }

  #end(end: { trailers?: RawMetadata; reset?: CallReset }): void {
    this.#check();
    this.ended = end;
    this.#settle(end);
  }
}

function open(upstream: Http2Upstream, head: Partial<CallHead> = {}) {
  const sink = new Recorder();
  const call = upstream.open(
    {
      path,
      authority: '',
      metadata: ['content-type', 'application/grpc'],
      timeoutMs: undefined,
      caller: '',
      ...head,
    },
    sink,
  );
  sink.opened = true;
  return { sink, call };
}

/** One call to its end; fails unless it ends well. */
async function succeed(upstream: Http2Upstream): Promise<void> {
  const { sink, call } = open(upstream);
  call.end();
  const { trailers, reset } = await sink.over;
  assert.equal(reset, undefined, reset?.message);
  assert.deepEqual(valuesOf(trailers ?? [], 'grpc-status'), ['0']);
}

function answerOk(stream: ServerHttp2Stream): void {
  stream.resume();
  stream.respond({ ...ok, 'grpc-status': '0' }, { endStream: true });
}

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
    cleanups.push(() => server.kill());
    const { sink, call } = open(upstream, { path: '/grpc.testing.TestService/EmptyCall' });
    call.write(Buffer.alloc(5));
    call.end();
    assert.deepEqual(valuesOf((await sink.over).trailers ?? [], 'grpc-status'), ['0']);
  });

  test('a server that accepts and says nothing is given up in time', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    cleanups.push(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const { port } = addressInfo(silent.address());
    const upstream = upstreamTo({ address: { host: '127.0.0.1', port }, connectTimeoutMs: 100 });
    const startedAt = performance.now();
    const { reset } = await open(upstream).sink.over;
    assert.ok(performance.now() - startedAt < 2_000);
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
    cleanups.push(() => {
      http1.close();
    });
    const upstream = upstreamTo({ address: { host: '127.0.0.1', port: addressInfo(http1.address()).port } });
    const { reset } = await open(upstream).sink.over;
    assert.equal(reset?.refused, true);
    assert.match(reset?.message ?? '', /does not speak HTTP\/2/);
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
    cleanups.push(() => server.kill());
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

describe('connections', () => {
  test('one connection carries all calls, and the configured authority goes with them', async () => {
    const authorities: string[] = [];
    const server = await rawServer((stream, headers) => {
      authorities.push(headers[':authority'] ?? '');
      answerOk(stream);
    });
    const upstream = upstreamTo({ address: server.address, authority: 'inner.example' });
    await Promise.all([succeed(upstream), succeed(upstream), succeed(upstream)]);
    assert.equal(server.sessions.size, 1);
    assert.deepEqual(new Set(authorities), new Set(['inner.example']));
  });

  test('after GOAWAY open calls finish and new ones go over a new connection', async () => {
    const held: ServerHttp2Stream[] = [];
    const server = await rawServer((stream) => {
      if (held.length === 0) held.push(stream);
      else answerOk(stream);
    });
    const upstream = upstreamTo({ address: server.address });
    const old = open(upstream);
    old.call.end();
    await until(() => held.length === 1, 'the first call is open');
    const [first] = [...server.sessions];
    first?.goaway(constants.NGHTTP2_NO_ERROR);
    await until(() => server.sessions.size === 1, 'the server still has it');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await Promise.all([succeed(upstream), succeed(upstream)]);
    assert.equal(server.sessions.size, 2);
    const [stream] = held;
    if (stream !== undefined) answerOk(stream);
    const { trailers } = await old.sink.over;
    assert.deepEqual(valuesOf(trailers ?? [], 'grpc-status'), ['0']);
    await until(() => server.sessions.size === 1, 'the old connection closes when its calls are over');
  });

  test('calls that race with GOAWAY on every connection end, and never hang', async () => {
    const server = await rawServer(answerOk);
    const upstream = upstreamTo({ address: server.address });
    let good = 0;
    for (let round = 0; round < 20; round += 1) {
      const calls = [open(upstream), open(upstream)];
      for (const session of server.sessions) session.close();
      for (const { sink, call } of calls) {
        call.end();
        const { trailers, reset } = await sink.over;
        if (trailers !== undefined) good += 1;
        else assert.equal(reset?.status, 14, reset?.message);
      }
    }
    assert.ok(good > 0);
  });

  test('a server that closes every connection at once fails the calls instead of looping', async () => {
    let connections = 0;
    const server = await rawServer(answerOk, { settings: { maxConcurrentStreams: 0 } });
    const watchSessions = setInterval(() => {
      for (const session of server.sessions) {
        connections += 1;
        session.close();
      }
    }, 1);
    cleanups.push(() => clearInterval(watchSessions));
    const { reset } = await open(upstreamTo({ address: server.address })).sink.over;
    assert.equal(reset?.status, 14);
    assert.equal(reset?.refused, true);
    assert.ok(connections < 20);
  });

  test('a connection that dies in a call makes it UNAVAILABLE, and the next call connects anew', async () => {
    let started = 0;
    const server = await rawServer((stream) => {
      started += 1;
      if (started === 1) stream.respond(ok);
      else answerOk(stream);
    });
    const upstream = upstreamTo({ address: server.address });
    const { sink } = open(upstream);
    await until(() => sink.metadata !== undefined, 'the call is open');
    for (const session of server.sessions) session.destroy();
    const { reset } = await sink.over;
    assert.equal(reset?.status, 14);
    assert.equal(reset?.refused, false);
    assert.equal(reset?.remote, false);
    assert.match(reset?.message ?? '', /the connection to the server at 127\.0\.0\.1:\d+ was lost/);
    await succeed(upstream);
  });

  test('MAX_CONCURRENT_STREAMS is kept: more connections, then a queue with deadlines', async () => {
    const held: ServerHttp2Stream[] = [];
    const server = await rawServer(
      (stream) => {
        stream.resume();
        held.push(stream);
      },
      { settings: { maxConcurrentStreams: 2 } },
    );
    const upstream = upstreamTo({ address: server.address });
    const calls = Array.from({ length: 20 }, () => open(upstream));
    for (const { call } of calls) call.end();
    const impatient = open(upstream, { timeoutMs: 100 });
    await until(() => held.length === 16, 'eight connections carry two calls each');
    assert.equal(server.sessions.size, 8);
    const { reset } = await impatient.sink.over;
    assert.equal(reset?.status, 4);
    assert.equal(reset?.refused, true);
    assert.equal(held.length, 16);
    while (calls.some(({ sink }) => sink.ended === undefined)) {
      for (const stream of held.splice(0)) answerOk(stream);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    for (const { sink } of calls)
      assert.deepEqual(valuesOf(sink.ended?.trailers ?? [], 'grpc-status'), ['0']);
  });

  test('a connection is left before its resets make the server angry', async () => {
    const live = new Set<ServerHttp2Stream>();
    let angry = 0;
    const server = await rawServer((stream, headers) => {
      if (headers['x-quick'] !== undefined) {
        answerOk(stream);
        return;
      }
      live.add(stream);
      stream.once('close', () => live.delete(stream));
    });
    const upstream = upstreamTo({ address: server.address });
    const survivor = open(upstream);
    for (let i = 0; i < 30; i += 1) {
      const batch = Array.from({ length: 60 }, () => open(upstream));
      await until(() => live.size >= 60, 'the batch is open');
      for (const { call } of batch) call.cancel({ status: 1, message: '', refused: false, remote: true });
      await until(() => live.size <= 1, 'the batch is cancelled');
      if (survivor.sink.ended !== undefined) angry += 1;
      if (i % 10 === 9) {
        const { sink, call } = open(upstream, { metadata: ['x-quick', '1'] });
        call.end();
        assert.deepEqual(valuesOf((await sink.over).trailers ?? [], 'grpc-status'), ['0']);
      }
    }
    assert.equal(angry, 0, 'a call beside 1,800 cancelled ones lives on');
    assert.equal(upstream.inFlight, 1);
  });

  test('drain waits for open calls, refuses new ones, and is bounded', async () => {
    const held: ServerHttp2Stream[] = [];
    const server = await rawServer((stream) => {
      held.push(stream);
    });
    const upstream = upstreamTo({ address: server.address });
    const { sink } = open(upstream);
    await until(() => held.length === 1, 'the call is open');
    const drained = upstream.drain(5_000);
    assert.match((await open(upstream).sink.over).reset?.message ?? '', /is closed/);
    assert.equal(sink.ended, undefined);
    const [stream] = held;
    if (stream !== undefined) answerOk(stream);
    assert.ok((await sink.over).trailers);
    await drained;
    await until(() => server.sessions.size === 0, 'the connection is closed');

    const other = upstreamTo({ address: server.address });
    const stuck = open(other);
    await until(() => held.length === 2, 'the call is open');
    await other.drain(30);
    const { reset } = await stuck.sink.over;
    assert.equal(reset?.status, 14);
    assert.equal(reset?.refused, false);
  });
});

describe('what is wrong with one call harms that call alone', () => {
  test('metadata that HTTP/2 cannot carry', async () => {
    const server = await rawServer(answerOk);
    const upstream = upstreamTo({ address: server.address });
    await succeed(upstream);
    const bad = [
      ['bad name', 'x'],
      ['Upper', 'x'],
      [':path', '/evil'],
      ['', 'x'],
      ['x', 'a\0b'],
      ['x', 'a\r\nb'],
      ['x', '☃'],
      ['x'],
    ];
    for (const metadata of bad) {
      const { sink, call } = open(upstream, { metadata });
      call.end();
      const { reset } = await sink.over;
      assert.equal(reset?.status, 13, JSON.stringify(metadata));
      assert.equal(reset?.refused, true);
    }
    await succeed(upstream);
    assert.equal(server.sessions.size, 1);
  });

  test('names that HTTP/2 sends once are joined, hop-by-hop names left out', async () => {
    let received: readonly string[] = [];
    const server = await rawServer((stream, _headers, raw) => {
      received = raw;
      answerOk(stream);
    });
    const upstream = upstreamTo({ address: server.address });
    const metadata = [
      ...[
        'authorization',
        'a',
        'authorization',
        'b',
        'content-type',
        'application/grpc',
        'date',
        '1',
        'date',
        '2',
      ],
      ...[
        'connection',
        'close',
        'te',
        'gzip',
        'grpc-timeout',
        '1H',
        'host',
        'x',
        '__proto__',
        'y',
        'x-e',
        '',
      ],
    ];
    const { sink, call } = open(upstream, { metadata });
    call.end();
    assert.ok((await sink.over).trailers);
    assert.deepEqual(valuesOf(received, 'authorization'), ['a, b']);
    assert.deepEqual(valuesOf(received, 'date'), ['1, 2']);
    assert.deepEqual(valuesOf(received, 'te'), ['trailers']);
    assert.deepEqual(valuesOf(received, '__proto__'), ['y']);
    assert.deepEqual(valuesOf(received, 'x-e'), ['']);
    for (const name of ['connection', 'grpc-timeout', 'host']) assert.deepEqual(valuesOf(received, name), []);
  });
});
