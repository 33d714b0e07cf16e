import assert from 'node:assert/strict';
import { constants, type ServerHttp2Stream } from 'node:http2';
import { after, before, test } from 'node:test';
import { call, requestHeaders, startChain, until, valuesOf, watch } from './harness.js';

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

/** Answers with a head, some data and trailers. */
function answer(stream: ServerHttp2Stream, body: Buffer, trailers: Record<string, string | string[]>): void {
  stream.resume();
  stream.respond(ok, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(body);
}

test('a trailers-only answer arrives as one header block', async () => {
  behaviours.set('/t.S/TrailersOnly', (stream) => {
    stream.respond(
      { ...ok, 'grpc-status': 5, 'grpc-message': 'no %E2%98%BA', 'x-more': 'a' },
      { endStream: true },
    );
  });
  const seen = await call(chain.client, { ':path': '/t.S/TrailersOnly' }, Buffer.from('x'));
  assert.equal(seen.head?.endStream, true);
  assert.equal(seen.trailers, undefined);
  assert.equal(seen.chunks.length, 0);
  assert.equal(seen.head?.headers['grpc-status'], '5');
  assert.equal(seen.head?.headers['grpc-message'], 'no %E2%98%BA');
  assert.equal(seen.head?.headers['x-more'], 'a');
  assert.equal(seen.head?.headers['x-postern-error'], undefined);
});

test('metadata of the server arrives before any message', async () => {
  let finish = (): void => {};
  behaviours.set('/t.S/HeadFirst', (stream) => {
    stream.resume();
    stream.respond({ ...ok, 'x-early': 'yes' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    finish = () => stream.end();
  });
  const stream = chain.client.request(requestHeaders({ ':path': '/t.S/HeadFirst' }), { endStream: false });
  const { seen, closed } = watch(stream);
  await until(() => seen.head !== undefined, 'the head arrives while the call is open');
  assert.equal(seen.head?.headers['x-early'], 'yes');
  assert.equal(seen.head?.endStream, false);
  assert.equal(seen.head?.headers.date === undefined, false, 'the date of the server is passed on');
  finish();
  stream.end();
  assert.equal((await closed).trailers?.headers['grpc-status'], '0');
});

test('metadata keeps order and duplicates both ways, binary values untouched', async () => {
  const binary = Buffer.from([0, 1, 254, 255]).toString('base64');
  let received: readonly string[] = [];
  behaviours.set('/t.S/Echo', (stream, raw) => {
    received = raw;
    stream.resume();
    stream.respond({ ...ok, 'x-dup': ['1', '2', '3'], 'x-bin': binary }, { waitForTrailers: true });
    stream.on('wantTrailers', () =>
      stream.sendTrailers({ 'grpc-status': '0', 'x-end': ['b', 'a'], 'grpc-status-details-bin': binary }),
    );
    stream.end();
  });
  const seen = await call(chain.client, {
    ':path': '/t.S/Echo',
    'x-dup': ['c', 'a', 'b'],
    'x-some-bin': [binary, 'AAE'],
    'user-agent': 'somebody/1.0',
    'grpc-encoding': 'gzip',
    'grpc-previous-rpc-attempts': '2',
    authorization: 'Bearer mine',
  });
  assert.deepEqual(valuesOf(received, 'x-dup'), ['c', 'a', 'b']);
  assert.deepEqual(valuesOf(received, 'x-some-bin'), [binary, 'AAE']);
  assert.deepEqual(valuesOf(received, 'user-agent'), ['somebody/1.0']);
  assert.deepEqual(valuesOf(received, 'grpc-encoding'), ['gzip']);
  assert.deepEqual(valuesOf(received, 'grpc-previous-rpc-attempts'), ['2']);
  assert.deepEqual(valuesOf(received, 'authorization'), ['Bearer mine']);
  assert.deepEqual(valuesOf(received, 'te'), ['trailers']);
  assert.deepEqual(valuesOf(received, ':authority'), [chain.front.address]);
  assert.deepEqual(valuesOf(seen.head?.raw ?? [], 'x-dup'), ['1', '2', '3']);
  assert.deepEqual(valuesOf(seen.head?.raw ?? [], 'x-bin'), [binary]);
  assert.deepEqual(valuesOf(seen.trailers?.raw ?? [], 'x-end'), ['b', 'a']);
  assert.equal(seen.trailers?.headers['grpc-status-details-bin'], binary);
});

test('140 metadata pairs, a 70 KB header and 16 KB trailers pass', async () => {
  const long = 'v'.repeat(70_000);
  const details = 'A'.repeat(16_384);
  let received: readonly string[] = [];
  behaviours.set('/t.S/Large', (stream, raw) => {
    received = raw;
    answer(stream, Buffer.from('body'), { 'grpc-status': '3', 'grpc-status-details-bin': details });
  });
  const many = Object.fromEntries(Array.from({ length: 140 }, (_, i) => [`x-key-${i}`, `value ${i}`]));
  const seen = await call(chain.client, { ':path': '/t.S/Large', ...many, 'x-long': long });
  assert.equal(seen.trailers?.headers['grpc-status'], '3');
  assert.equal(seen.trailers?.headers['grpc-status-details-bin'], details);
  assert.deepEqual(valuesOf(received, 'x-long'), [long]);
  assert.deepEqual(valuesOf(received, 'x-key-139'), ['value 139']);
});

test('bytes of both directions pass unchanged, and half-close is passed on', async () => {
  behaviours.set('/t.S/Pipe', (stream) => {
    stream.respond(ok, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.pipe(stream);
  });
  const body = Buffer.alloc(3_000_000, 'abcdefg');
  const seen = await call(chain.client, { ':path': '/t.S/Pipe' }, body);
  assert.ok(Buffer.concat(seen.chunks).equals(body));
  assert.equal(seen.trailers?.headers['grpc-status'], '0');
  const result = chain.front.results.at(-1);
  assert.deepEqual(
    { ...result, message: '' },
    { status: 0, message: '', made: false, requestBytes: 3_000_000, responseBytes: 3_000_000 },
  );
});

test('an answer before the end of the request is delivered, then the client is told to stop', async () => {
  behaviours.set('/t.S/Early', (stream) => {
    stream.respond({ ...ok, 'grpc-status': 8, 'grpc-message': 'enough' }, { endStream: true });
  });
  const stream = chain.client.request(requestHeaders({ ':path': '/t.S/Early' }), { endStream: false });
  const { closed } = watch(stream);
  stream.write(Buffer.alloc(10));
  const seen = await closed;
  assert.equal(seen.head?.headers['grpc-status'], '8');
  assert.equal(seen.rstCode, constants.NGHTTP2_NO_ERROR);
});

test('an early answer with much data is flushed before the client is told to stop', async () => {
  const body = Buffer.alloc(2_000_000, 7);
  behaviours.set('/t.S/EarlyData', (stream) => {
    stream.respond(ok, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(body);
  });
  const stream = chain.client.request(requestHeaders({ ':path': '/t.S/EarlyData' }), { endStream: false });
  const { closed } = watch(stream);
  stream.write(Buffer.alloc(10));
  const seen = await closed;
  assert.equal(Buffer.concat(seen.chunks).length, body.length);
  assert.equal(seen.trailers?.headers['grpc-status'], '0');
  assert.equal(seen.rstCode, constants.NGHTTP2_NO_ERROR);
});

test('a hundred calls at once do not disturb each other', async () => {
  behaviours.set('/t.S/Many', (stream) => {
    stream.respond(ok, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.pipe(stream);
  });
  const calls = Array.from({ length: 100 }, (_, i) => {
    const body = Buffer.alloc(1_000 + i, i);
    return call(chain.client, { ':path': '/t.S/Many' }, body).then((seen) => {
      assert.ok(Buffer.concat(seen.chunks).equals(body));
      assert.equal(seen.trailers?.headers['grpc-status'], '0');
    });
  });
  await Promise.all(calls);
  await until(() => chain.upstream.inFlight === 0, 'nothing is left');
});
