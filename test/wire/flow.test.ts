import assert from 'node:assert/strict';
import type { ClientHttp2Stream, ServerHttp2Stream } from 'node:http2';
import { after, before, test } from 'node:test';
import type { Call, CallSink } from '../../src/rpc/call.js';
import { Http2Upstream } from '../../src/wire/http2-upstream.js';
import { call, rawClient, requestHeaders, startChain, startFront, until, watch } from './harness.js';

const ok = { ':status': 200, 'content-type': 'application/grpc' };
const chunk = Buffer.alloc(65_536, 1);
/** What may be on its way for one call in both processes' worth of buffers and windows here: 2 × 1 MiB and some. */
const bound = 6_000_000;

let chain: Awaited<ReturnType<typeof startChain>>;
/** Bytes that the server's stream has taken from its writer, or read, by path. */
let moved = 0;

/** Writes as fast as the other side takes it. */
function flood(stream: ServerHttp2Stream | ClientHttp2Stream, total: number): void {
  while (moved < total && !stream.destroyed) {
    moved += chunk.length;
    if (!stream.write(chunk)) {
      stream.once('drain', () => flood(stream, total));
      return;
    }
  }
  stream.end();
}

before(async () => {
  chain = await startChain((stream, headers) => {
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    if (headers[':path'] === '/t.S/Download') {
      stream.resume();
      stream.respond(ok, { waitForTrailers: true });
      flood(stream, 200_000_000);
    } else if (headers[':path'] === '/t.S/Upload') {
      stream.respond(ok);
      // Not read at all.
    } else {
      stream.respond(ok, { waitForTrailers: true });
      stream.pipe(stream);
    }
  });
});
after(() => chain.stop());

/** Waits until `moved` stands still. */
async function standstill(): Promise<void> {
  let last = -1;
  while (moved !== last) {
    last = moved;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test('a client that does not read stops the server, and others go on', async () => {
  moved = 0;
  const stream = chain.client.request(requestHeaders({ ':path': '/t.S/Download' }), { endStream: true });
  stream.on('error', () => {});
  await until(() => moved > 0, 'the server writes');
  await standstill();
  assert.ok(moved < bound, `${moved} bytes were taken for a reader that reads nothing`);

  const body = Buffer.alloc(500_000, 5);
  const seen = await call(chain.client, { ':path': '/t.S/Echo' }, body);
  assert.ok(Buffer.concat(seen.chunks).equals(body), 'a call on the same connections is not held up');

  // Slow is not dead: it goes on where it stopped.
  const before = moved;
  let read = 0;
  stream.on('data', (part: Buffer) => {
    read += part.length;
    if (read > 20_000_000) stream.pause();
  });
  await until(() => read > 20_000_000, 'the reader goes on');
  await standstill();
  assert.ok(moved > before);
  assert.ok(moved < read + bound);
  stream.destroy();
  await until(() => chain.upstream.inFlight === 0, 'nothing is left');
});

test('a server that does not read stops the client', async () => {
  moved = 0;
  const stream = chain.client.request(requestHeaders({ ':path': '/t.S/Upload' }), { endStream: false });
  watch(stream);
  flood(stream, 200_000_000);
  await until(() => moved > 0, 'the client writes');
  await standstill();
  assert.ok(moved < bound, `${moved} bytes were taken for a server that reads nothing`);
  stream.destroy();
  await until(() => chain.upstream.inFlight === 0, 'nothing is left');
});

test('a target that takes no more stops the client until it drains', async () => {
  let taken = 0;
  let open = false;
  let sink: CallSink | undefined;
  const front = await startFront({
    open: (_head, opened): Call => {
      sink = opened;
      return {
        write: (part) => {
          taken += part.length;
          return open;
        },
        end: () => opened.trailers(['grpc-status', '0']),
        cancel: () => {},
        consumed: () => {},
      };
    },
  });
  const client = await rawClient(front.address);
  const done = call(client, {}, Buffer.alloc(3_000_000));
  await until(() => taken > 0, 'the first bytes arrive');
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(taken < 100_000, `${taken} bytes came after the target had said stop`);
  const before = taken;
  sink?.drain();
  await until(() => taken > before, 'more comes after drain');
  open = true;
  sink?.drain();
  assert.equal((await done).head?.headers['grpc-status'], '0');
  assert.equal(taken, 3_000_000);
  client.destroy();
  await front.close();
});

test('response bytes are given back to the target when the client has taken them, each once', async () => {
  let given = 0;
  let sink: CallSink | undefined;
  const front = await startFront({
    open: (_head, opened): Call => {
      sink = opened;
      return {
        write: () => true,
        end: () => {},
        cancel: () => {},
        consumed: (bytes) => {
          given += bytes;
        },
      };
    },
  });
  const client = await rawClient(front.address);
  const stream = client.request(requestHeaders(), { endStream: true });
  stream.on('error', () => {});
  await until(() => sink !== undefined, 'the call is open');
  sink?.head([]);
  for (let i = 0; i < 40; i += 1) sink?.data(Buffer.alloc(65_536));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(given < 40 * 65_536, 'not before the client has read');
  stream.resume();
  await until(() => given === 40 * 65_536, 'all is given back');
  sink?.trailers(['grpc-status', '0']);
  await until(() => stream.closed, 'the call ends');
  assert.equal(given, 40 * 65_536);
  client.destroy();
  await front.close();
});

test('what is written before the connection is there arrives, in order, and the writer is told to go on', async () => {
  const upstream = new Http2Upstream({ address: chain.server.address });
  let drains = 0;
  const parts: Uint8Array[] = [];
  const over = new Promise<void>((resolve, reject) => {
    const opened: Call = upstream.open(
      { path: '/t.S/Echo', authority: '', metadata: [], timeoutMs: 20_000, caller: '' },
      {
        head: () => {},
        data: (part) => {
          parts.push(part);
          opened.consumed(part.length);
        },
        trailers: () => resolve(),
        reset: (reset) => reject(new Error(reset.message)),
        drain: () => {
          drains += 1;
          opened.write(Buffer.from('third'));
          opened.end();
        },
      },
    );
    assert.equal(opened.write(Buffer.from('first ')), false);
    assert.equal(opened.write(Buffer.from('second ')), false);
  });
  await over;
  assert.equal(Buffer.concat(parts).toString(), 'first second third');
  assert.equal(drains, 1);
  upstream.close();
});
