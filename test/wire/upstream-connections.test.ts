import assert from 'node:assert/strict';
import { constants, type ServerHttp2Stream } from 'node:http2';
import { afterEach, describe, test } from 'node:test';
import { until, valuesOf } from './harness.js';

import {
  answerOk,
  cleanUp,
  ok,
  onCleanUp,
  open,
  rawServer,
  succeed,
  upstreamTo,
} from './upstream-harness.js';

afterEach(cleanUp);

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
    assert.equal(server.sessions.size, 1, 'the server still has it');
    // what answers a PING behind it has read it
    await new Promise((resolve) => first?.ping(resolve));
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
    onCleanUp(() => clearInterval(watchSessions));
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
