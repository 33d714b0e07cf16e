import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, test } from 'node:test';
import { frame, headers, preface, settings } from './frames.js';
import { cleanUp, dial, drained, front, target } from './front-harness.js';
import { call, rawClient, requestHeaders, until, watch } from './harness.js';

afterEach(cleanUp);

const never = 3_600_000;
const request = {
  ':method': 'POST',
  ':scheme': 'http',
  ':authority': 'a',
  ':path': '/test.Service/Method',
  'content-type': 'application/grpc',
};

test('a connection without calls is closed with GOAWAY, one with a call that lasts is not', async () => {
  const { address } = await front({
    limits: { sessions: { idleMs: 400, pingAfterMs: never, pongMs: never } },
  });
  target.hold = true;
  const idle = await rawClient(address);
  const goaway = once(idle, 'goaway');
  const closed = once(idle, 'close');
  const busy = await rawClient(address);
  const held = watch(busy.request(requestHeaders()));
  await until(() => target.sinks.length === 1, 'the call has begun');
  const [code] = await goaway;
  assert.equal(code, 0);
  await closed;
  assert.equal(busy.closed, false, 'a connection with a call was closed');
  target.release();
  target.hold = false;
  assert.equal(
    (await held.closed).trailers?.headers['grpc-status'] ?? held.seen.head?.headers['grpc-status'],
    '0',
  );
  const over = performance.now();
  await once(busy, 'close');
  assert.ok(performance.now() - over > 250, 'it was not idle for long');
});

test('calls that come now and then keep a connection', async () => {
  const { address } = await front({
    limits: { sessions: { idleMs: 600, pingAfterMs: never, pongMs: never } },
  });
  const client = await rawClient(address);
  const until = performance.now() + 1_500;
  while (performance.now() < until) {
    const seen = await call(client);
    assert.equal(seen.head?.headers['grpc-status'], '0');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.equal(client.closed, false);
  client.destroy();
});

test('a silent client is asked by PING, and cut with its calls when it does not answer', async () => {
  const sessions = { idleMs: never, pingAfterMs: 300, pongMs: 300 };
  const { address, results } = await front({ limits: { sessions } });
  target.hold = true;
  // Without a call nothing else is sent by which it could be heard.
  const unused = await rawClient(address);
  let pings = 0;
  unused.on('ping', () => {
    pings += 1;
  });
  const busy = await rawClient(address);
  watch(busy.request(requestHeaders()));
  await until(() => target.sinks.length === 1, 'the first call has begun');
  const lost = dial(address);
  const text = drained(lost);
  lost.write(Buffer.concat([preface, settings, headers(1, request)]));
  const said = await text;
  assert.ok(said.includes('\0\0\x08\x06\0'), 'it was not asked');
  await until(() => results.length === 1, 'its call is over');
  assert.equal(results[0]?.status, 1);
  await until(() => pings >= 3 || unused.closed, 'another was asked again and again');
  for (const client of [unused, busy]) {
    assert.equal(client.closed, false, 'a client that answers was cut');
    client.destroy();
  }
});

test('a connection on which HTTP/2 is broken is cut, though the client keeps it open', async () => {
  const sessions = { idleMs: never, pingAfterMs: 200, pongMs: 200 };
  const { address } = await front({ limits: { sessions } });
  const socket = dial(address);
  const text = drained(socket);
  // A header block that does not decompress: Node says GOAWAY and leaves it at that.
  const block = Buffer.from('418b089d5c0b8170dc680079bfffffffffffffff', 'hex');
  socket.write(Buffer.concat([preface, settings, frame(1, 4, 1, block)]));
  const said = await text;
  assert.ok(said.includes('\0\0\x08\x07\0\0\0\0\0'), 'there was no GOAWAY');
});
