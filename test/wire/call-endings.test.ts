import assert from 'node:assert/strict';
import { type ClientHttp2Session, constants, type ServerHttp2Stream } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { awakeTime } from '../support/awake-time.js';
import { data, headers, preface, rstStream, settings } from './frames.js';
import { call, rawClient, requestHeaders, startChain, tcp, until, valuesOf, watch } from './harness.js';

/** What the raw server behind the chain does, by path. */
type Behaviour = (stream: ServerHttp2Stream, raw: readonly string[]) => void;

const behaviours = new Map<string, Behaviour>();
const ok = { ':status': 200, 'content-type': 'application/grpc' };
let chain: Awaited<ReturnType<typeof startChain>>;

before(async () => {
  chain = await startChain((stream, received, raw) => {
    const behaviour = behaviours.get(received[':path'] ?? '');
    if (behaviour === undefined) stream.respond({ ...ok, 'grpc-status': 12 }, { endStream: true });
    else behaviour(stream, raw);
  });
});
after(() => chain.stop());

test('answers that are not gRPC become a status', async () => {
  const cases: [number, string][] = [
    [400, '13'],
    [401, '16'],
    [403, '7'],
    [404, '12'],
    [429, '14'],
    [503, '14'],
    [500, '2'],
  ];
  for (const [httpStatus, grpcStatus] of cases) {
    behaviours.set('/t.S/Plain', (stream) => {
      stream.resume();
      stream.respond({ ':status': httpStatus, 'content-type': 'text/html' });
      stream.end('<h1>no</h1>');
    });
    const seen = await call(chain.client, { ':path': '/t.S/Plain' });
    assert.equal(seen.head?.headers[':status'], 200);
    assert.equal(seen.head?.endStream, true);
    assert.equal(seen.head?.headers['grpc-status'], grpcStatus, `HTTP ${httpStatus}`);
    assert.match(String(seen.head?.headers['grpc-message']), new RegExp(`HTTP status ${httpStatus}`));
  }
  behaviours.set('/t.S/Html', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'text/html' });
    stream.end('<h1>hello</h1>');
  });
  const seen = await call(chain.client, { ':path': '/t.S/Html' });
  assert.equal(seen.head?.headers['grpc-status'], '2');
  assert.match(String(seen.head?.headers['grpc-message']), /text\/html/);
});

test('every RST_STREAM code of the server becomes its status, before and after the head', async () => {
  const cases: [number, string][] = [
    [constants.NGHTTP2_NO_ERROR, '13'],
    [constants.NGHTTP2_PROTOCOL_ERROR, '13'],
    [constants.NGHTTP2_INTERNAL_ERROR, '13'],
    [constants.NGHTTP2_REFUSED_STREAM, '14'],
    [constants.NGHTTP2_CANCEL, '1'],
    [constants.NGHTTP2_ENHANCE_YOUR_CALM, '8'],
    [constants.NGHTTP2_INADEQUATE_SECURITY, '7'],
  ];
  for (const [code, grpcStatus] of cases) {
    behaviours.set('/t.S/Reset', (stream) => stream.close(code));
    const before = await call(chain.client, { ':path': '/t.S/Reset' }, Buffer.from('x'));
    assert.equal(before.head?.headers['grpc-status'], grpcStatus, `code ${code} before the head`);
    assert.equal(before.head?.endStream, true);

    behaviours.set('/t.S/ResetLate', (stream) => {
      stream.respond(ok);
      stream.write('abc', () => setImmediate(() => stream.close(code)));
    });
    const open = chain.client.request(requestHeaders({ ':path': '/t.S/ResetLate' }), { endStream: false });
    const late = await watch(open).closed;
    assert.equal(late.head?.headers['grpc-status'], undefined);
    assert.equal(late.trailers?.headers['grpc-status'], grpcStatus, `code ${code} after the head`);
  }
});

test('a body that ends without trailers becomes an error, never a bare end', async () => {
  behaviours.set('/t.S/Truncated', (stream) => {
    stream.resume();
    stream.respond(ok);
    stream.end('abc');
  });
  const halfClosed = await call(chain.client, { ':path': '/t.S/Truncated' });
  assert.equal(halfClosed.trailers?.headers['grpc-status'], '13');
  const open = chain.client.request(requestHeaders({ ':path': '/t.S/Truncated' }), { endStream: false });
  const seen = await watch(open).closed;
  assert.equal(seen.trailers?.headers['grpc-status'], '13');
  assert.match(String(seen.trailers?.headers['grpc-message']), /without a status/);

  behaviours.set('/t.S/NoStatus', (stream) => stream.respond(ok, { endStream: true }));
  // A header block that ends the stream is trailers.
  assert.equal((await call(chain.client, { ':path': '/t.S/NoStatus' })).head?.headers['grpc-status'], '2');
});

test('a status that gRPC does not know is passed on as it is, and counted as UNKNOWN', async () => {
  for (const status of ['17', '123456789', '-1', 'five']) {
    behaviours.set('/t.S/Odd', (stream) =>
      stream.respond({ ...ok, 'grpc-status': status }, { endStream: true }),
    );
    const seen = await call(chain.client, { ':path': '/t.S/Odd' });
    assert.equal(seen.head?.headers['grpc-status'], status);
    assert.equal(chain.front.results.at(-1)?.status, 2, status);
  }
});

test('the deadline is passed on shortened and enforced on the way', async () => {
  let timeout = '';
  let closedWith: number | undefined;
  behaviours.set('/t.S/Sleep', (stream, raw) => {
    timeout = valuesOf(raw, 'grpc-timeout').join();
    stream.once('close', () => {
      closedWith = stream.rstCode;
    });
  });
  const startedAt = performance.now();
  const seen = await call(chain.client, { ':path': '/t.S/Sleep', 'grpc-timeout': '1500m' });
  assert.equal(seen.head?.headers['grpc-status'], '4');
  assert.equal(seen.head?.headers['x-postern-error'], 'DEADLINE_EXCEEDED');
  assert.ok(performance.now() - startedAt >= 1_495, 'not before its time');
  assert.match(timeout, /^\d+u$/);
  assert.ok(Number.parseInt(timeout, 10) <= 1_500_000);
  await until(() => closedWith === constants.NGHTTP2_CANCEL, 'the server sees the cancellation');
});

test('what is no gRPC call is refused with its own status and never reaches the server', async () => {
  let reached = false;
  behaviours.set('/t.S/Bad', () => {
    reached = true;
  });
  const path = { ':path': '/t.S/Bad' };
  const get = await call(chain.client, { ...path, ':method': 'GET' });
  assert.equal(get.head?.headers[':status'], 405);
  assert.equal(get.head?.headers.allow, 'POST');
  assert.equal(Buffer.concat(get.chunks).toString(), 'a gRPC call is a POST, not GET\n');
  const head = await call(chain.client, { ...path, ':method': 'HEAD' });
  assert.equal(head.head?.headers[':status'], 405);
  assert.equal(head.chunks.length, 0);
  const html = await call(chain.client, { ...path, 'content-type': 'text/plain' });
  assert.equal(html.head?.headers[':status'], 415);
  const grpcWeb = await call(chain.client, { ...path, 'content-type': 'application/grpc-web' });
  assert.equal(grpcWeb.head?.headers[':status'], 415);
  for (const [timeout, status] of [
    ['5', '13'],
    ['123456789S', '13'],
    ['1s', '13'],
    ['0m', '4'],
  ] as const) {
    const seen = await call(chain.client, { ...path, 'grpc-timeout': timeout });
    assert.equal(seen.head?.headers['grpc-status'], status, timeout);
    assert.equal(seen.head?.headers['x-postern-error'], 'BAD_REQUEST');
  }
  const noMethod = await call(chain.client, { ':path': '/nothing' });
  assert.equal(noMethod.head?.headers['grpc-status'], '12');
  assert.equal(reached, false);
});

test('the death of a client cancels at the server within 500 ms', async () => {
  const ends: [string, (client: ClientHttp2Session, socket: Socket) => void][] = [
    ['session destroyed', (client) => client.destroy()],
    ['connection ended', (_client, socket) => socket.destroy()],
    ['connection reset', (_client, socket) => socket.resetAndDestroy()],
  ];
  for (const [how, end] of ends) {
    let started = false;
    let awake: ReturnType<typeof awakeTime> | undefined;
    let closedAt: number | undefined;
    behaviours.set('/t.S/Long', (stream) => {
      started = true;
      stream.respond(ok);
      stream.once('close', () => {
        closedAt = awake?.stop();
      });
    });
    const socket = connect(tcp(chain.front.address));
    const client = await rawClient(chain.front.address, socket);
    watch(client.request(requestHeaders({ ':path': '/t.S/Long' }), { endStream: false }));
    await until(() => started, 'the call reaches the server');
    awake = awakeTime();
    end(client, socket);
    await until(() => closedAt !== undefined, 'the server sees the end');
    assert.ok((closedAt ?? Number.NaN) < 500, `${how}: ${closedAt} ms`);
  }
});

test('every reset by the client is a cancellation, RST_STREAM(NO_ERROR) too', async () => {
  for (const code of [
    constants.NGHTTP2_CANCEL,
    constants.NGHTTP2_NO_ERROR,
    constants.NGHTTP2_INTERNAL_ERROR,
  ]) {
    let bytes = 0;
    let halfClosed = false;
    let closed: number | undefined;
    behaviours.set('/t.S/Open', (stream) => {
      stream.respond(ok);
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      stream.once('end', () => {
        halfClosed = !stream.aborted;
      });
      stream.once('close', () => {
        closed = stream.rstCode;
      });
    });
    const socket = connect(tcp(chain.front.address));
    const fields = {
      ':method': 'POST',
      ':scheme': 'http',
      ':path': '/t.S/Open',
      ':authority': 'localhost',
      'content-type': 'application/grpc',
      te: 'trailers',
    };
    socket.write(Buffer.concat([preface, settings, headers(1, fields), data(1, Buffer.alloc(100))]));
    await until(() => bytes === 100, 'the request reaches the server');
    socket.write(rstStream(1, code));
    await until(() => closed !== undefined, 'the server sees the end');
    assert.equal(halfClosed, false);
    assert.equal(closed, constants.NGHTTP2_CANCEL);
    assert.equal(chain.front.results.at(-1)?.status, 1);
    assert.equal(chain.front.results.at(-1)?.made, false);
    socket.destroy();
  }
});
