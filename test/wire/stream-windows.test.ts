import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { createServer as createTcpServer } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { Http2Door } from '../../src/wire/http2-door.js';
import { windowBytes } from '../../src/wire/limits.js';
import { streamWindow } from '../../src/wire/stream-windows.js';
import { until } from '../support/nats.js';
import { cleanUp, onCleanUp, Recorder, upstreamTo } from './upstream-harness.js';

const many = 300;
const head = { path: '/t.S/M', authority: '', metadata: [], timeoutMs: undefined, caller: '' };

afterEach(cleanUp);

describe('the window of a stream', () => {
  it('is whole for few streams, and never smaller than a frame', () => {
    assert.equal(streamWindow(0), windowBytes);
    assert.equal(streamWindow(64), windowBytes);
    assert.equal(streamWindow(65), windowBytes / 2);
    assert.equal(streamWindow(100_000), 16_384);
    let taken = 0;
    for (let open = 1; open <= 4_096; open++) taken += streamWindow(open);
    assert.ok(
      taken <= 300 << 20,
      `${taken} bytes for 4,096 streams, opened one after the other and never read`,
    );
  });

  it('shrinks towards a server while many calls are open, and grows again', async () => {
    const streams: ServerHttp2Stream[] = [];
    const sessions: ServerHttp2Session[] = [];
    const server = createServer();
    server.on('session', (session) => sessions.push(session.on('error', () => {})));
    server.on('stream', (stream: ServerHttp2Stream) => streams.push(stream.on('error', () => {})));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onCleanUp(() => void server.close());
    const bound = server.address();
    assert.ok(typeof bound === 'object' && bound !== null);
    const upstream = upstreamTo({ address: { host: '127.0.0.1', port: bound.port } });

    const calls = Array.from({ length: many }, () => upstream.open(head, new Recorder()));
    await until('all calls are there', () => streams.length === many);
    const told = (): number | undefined => sessions[0]?.remoteSettings.initialWindowSize;
    await until('the server was told of small windows', () => told() === streamWindow(many));
    for (const call of calls) call.cancel({ status: 1, message: '', refused: false, remote: true });
    await until('the server was told of large windows', () => told() === windowBytes);
    assert.equal(sessions.length, 1);
  });

  it('shrinks towards a client while it has many streams open, and grows again', async () => {
    const door = new Http2Door(() => {}, 10_000);
    onCleanUp(() => door.close());
    const listener = createTcpServer((socket) => door.take(socket)).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    onCleanUp(() => void listener.close());
    const bound = listener.address();
    assert.ok(typeof bound === 'object' && bound !== null);
    const client = connect(`http://127.0.0.1:${bound.port}`).on('error', () => {});
    onCleanUp(() => client.destroy());
    await once(client, 'remoteSettings');
    assert.equal(client.remoteSettings.initialWindowSize, windowBytes);
    const streams = Array.from({ length: many }, () =>
      client.request({ ':method': 'POST', ':path': '/t.S/M' }, { endStream: false }).on('error', () => {}),
    );
    const told = (): number | undefined => client.remoteSettings.initialWindowSize;
    await until('the client was told of small windows', () => told() === streamWindow(many));
    for (const stream of streams) stream.close(8);
    await until('the client was told of large windows', () => told() === windowBytes);
  });
});
