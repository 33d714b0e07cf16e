import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import { duplexPair } from '../../../src/wire/in-process.js';
import { encodeHeader, flag, frameType } from '../../../src/wire/yamux/frame.js';
import { YamuxSession } from '../../../src/wire/yamux/session.js';
import { eventually } from '../../support/processes.js';

const soon = (what: string, probe: () => boolean) => eventually(what, probe, { everyMs: 5 });

/** Two sessions that are joined; the server's streams echo unless told otherwise. */
function joined(onStream: (stream: Duplex) => void = (stream) => stream.pipe(stream)) {
  const [left, right] = duplexPair();
  const ends = { client: '', server: '' };
  const client = new YamuxSession(left, {
    role: 'client',
    onClose: (why) => {
      ends.client = why;
    },
  });
  const server = new YamuxSession(right, {
    role: 'server',
    onStream,
    onClose: (why) => {
      ends.server = why;
    },
  });
  return { client, server, ends, left, right };
}

/** One session whose other side is played by the test, frame by frame. */
function alone(options: { role?: 'client' | 'server'; pingEveryMs?: number; streams?: number } = {}) {
  const [left, right] = duplexPair();
  const end = { why: '' };
  const taken: Duplex[] = [];
  const session = new YamuxSession(left, {
    role: options.role ?? 'server',
    ...(options.pingEveryMs === undefined ? {} : { pingEveryMs: options.pingEveryMs }),
    ...(options.streams === undefined ? {} : { streams: options.streams }),
    onStream: (stream) => taken.push(stream),
    onClose: (why) => {
      end.why = why;
    },
  });
  const sent: Buffer[] = [];
  right.on('data', (chunk: Buffer) => sent.push(chunk));
  right.on('error', () => {});
  return { session, peer: right, end, taken, sent: () => Buffer.concat(sent) };
}

async function bytesOf(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

test('twenty streams at once carry 2 MiB each there and back, byte-exact, and none is left', async () => {
  const { client, server } = joined();
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      const body = randomBytes(2 << 20);
      const stream = client.open();
      stream.end(body);
      assert.equal(hash(await bytesOf(stream)), hash(body));
    }),
  );
  await soon('no stream is left', () => client.streams === 0 && server.streams === 0);
  client.close();
});

test('a reader that has stopped holds its writer within a window, and no other stream', async () => {
  const { client } = joined();
  const stalled = client.open();
  let taken = 0;
  const chunk = Buffer.alloc(64 * 1024);
  const pour = (): void => {
    do taken += chunk.length;
    while (stalled.write(chunk) && taken < 64 << 20);
  };
  stalled.on('drain', pour);
  pour();
  // Round trips on another stream: what may still move on the first has moved after them.
  for (let i = 0; i < 20; i += 1) {
    const other = client.open();
    other.end(Buffer.from('hello'));
    assert.equal((await bytesOf(other)).toString(), 'hello');
  }
  assert.ok(taken > 1 << 20 && taken < 6 << 20, `${taken} bytes were taken`);
  client.close();
});

test('after a half-close the other direction goes on', async () => {
  const heard: Buffer[] = [];
  const { client } = joined((stream) => {
    stream.on('data', (chunk: Buffer) => heard.push(chunk));
    stream.on('end', () => stream.end(`got ${Buffer.concat(heard).length}`));
  });
  const stream = client.open();
  stream.end(Buffer.alloc(300_000));
  assert.equal((await bytesOf(stream)).toString(), 'got 300000');
  client.close();
});

test('destroying a stream resets it at the other side and harms no other', async () => {
  const taken: Duplex[] = [];
  const { client, server } = joined((stream) => {
    taken.push(stream);
    stream.resume();
  });
  const [first, second] = [client.open(), client.open()];
  await soon('both streams are there', () => taken.length === 2);
  first.destroy();
  await soon('the first is destroyed', () => taken[0]?.destroyed === true);
  assert.equal(taken[1]?.destroyed, false);
  assert.equal(server.streams, 1);
  second.destroy();
  await soon('only the first is over', () => server.streams === 0);
  client.close();
});

test('the end of the transport ends every stream and tells why, at both sides', async () => {
  const { client, server, ends, left } = joined();
  const stream = client.open();
  const closed = new Promise((resolve) => stream.once('close', resolve));
  left.destroy();
  await closed;
  await soon('both ends tell', () => ends.client !== '' && ends.server !== '');
  assert.equal(server.streams, 0);
  assert.ok(client.open().destroyed, 'a stream of a session that is over is over');
});

test('after go-away no stream is opened, and those that are open go on', async () => {
  const { client, server } = joined();
  const open = client.open();
  open.write('one');
  assert.equal(String((await once(open, 'data'))[0]), 'one');
  server.goAway();
  await soon('the client knows', () => client.closing);
  assert.ok(client.open().destroyed);
  open.write('two');
  assert.equal(String((await once(open, 'data'))[0]), 'two');
  client.close();
});

test('a ping is answered at once, and the answer to ours gives the round trip', async () => {
  const { session, peer, sent } = alone();
  peer.write(encodeHeader(frameType.ping, flag.syn, 0, 0xdeadbeef));
  await soon('the answer is sent', () =>
    sent().includes(encodeHeader(frameType.ping, flag.ack, 0, 0xdeadbeef)),
  );
  assert.equal(session.roundTripMs, undefined);
  peer.write(encodeHeader(frameType.ping, flag.ack, 0, 77));
  peer.write(encodeHeader(frameType.ping, flag.ack, 0, 1));
  await soon('the round trip is known', () => session.roundTripMs !== undefined);
  session.close();
});

test('a side that says nothing for three pings is given up; any byte keeps it', async () => {
  const { peer, end, taken } = alone({ pingEveryMs: 500 });
  const alive = setInterval(() => peer.write(encodeHeader(frameType.windowUpdate, 0, 1, 0)), 10);
  peer.write(encodeHeader(frameType.windowUpdate, flag.syn, 1, 0));
  await soon('the stream is there', () => taken.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  assert.equal(end.why, '');
  clearInterval(alive);
  await soon('the session is over', () => end.why !== '');
  assert.match(end.why, /silent for \d+ ms/);
});

test('frames cut into single bytes mean the same', async () => {
  const { session, peer, taken } = alone();
  const body = Buffer.from('a body');
  const bytes = Buffer.concat([
    encodeHeader(frameType.windowUpdate, flag.syn, 1, 0),
    encodeHeader(frameType.data, flag.fin, 1, body.length),
    body,
  ]);
  for (const byte of bytes) peer.write(Buffer.from([byte]));
  await soon('the stream is there', () => taken.length === 1);
  const [stream] = taken;
  assert.ok(stream);
  assert.equal((await bytesOf(stream)).toString(), 'a body');
  session.close();
});

test('streams beyond the limit are reset, and room that becomes free is used', async () => {
  const { session, peer, taken, sent } = alone({ streams: 2 });
  for (const id of [1, 3, 5]) peer.write(encodeHeader(frameType.windowUpdate, flag.syn, id, 0));
  await soon('the third is reset', () =>
    sent().includes(encodeHeader(frameType.windowUpdate, flag.rst, 5, 0)),
  );
  assert.equal(taken.length, 2);
  peer.write(encodeHeader(frameType.windowUpdate, flag.rst, 1, 0));
  peer.write(encodeHeader(frameType.windowUpdate, flag.syn, 7, 0));
  await soon('the place is used', () => taken.length === 3);
  session.close();
});

const violations: readonly [string, () => Buffer][] = [
  ['another version', () => Buffer.concat([Buffer.from([1]), Buffer.alloc(11)])],
  ['an unknown type', () => encodeHeader(4, 0, 0, 0)],
  ['a stream id of the wrong side', () => encodeHeader(frameType.data, flag.syn, 2, 0)],
  ['stream id 0', () => encodeHeader(frameType.data, flag.syn, 0, 0)],
  [
    'a stream id a second time',
    () =>
      Buffer.concat([
        encodeHeader(frameType.data, flag.syn, 3, 0),
        encodeHeader(frameType.data, flag.syn, 3, 0),
      ]),
  ],
  [
    'more than the window',
    () =>
      Buffer.concat([
        encodeHeader(frameType.data, flag.syn, 1, 0),
        encodeHeader(frameType.data, 0, 1, 0xffff_ffff),
      ]),
  ],
];
for (const [name, bytes] of violations) {
  test(`${name} ends the session with a reason`, async () => {
    const { peer, end, sent } = alone();
    peer.write(bytes());
    await soon('the session is over', () => end.why !== '');
    assert.match(end.why, /broke the rules of yamux/);
    assert.ok(sent().includes(encodeHeader(frameType.goAway, 0, 0, 1)));
  });
}

test('frames for a stream that is over are passed over', async () => {
  const { session, peer, end, sent } = alone();
  peer.write(encodeHeader(frameType.data, 0, 9, 5));
  peer.write(Buffer.from('stale'));
  peer.write(encodeHeader(frameType.ping, flag.syn, 0, 5));
  await soon('the answer is sent', () => sent().includes(encodeHeader(frameType.ping, flag.ack, 0, 5)));
  assert.equal(end.why, '');
  session.close();
});

test('a side that asks without reading the answers is given up before they take megabytes', async () => {
  const { peer, end } = alone();
  peer.pause();
  let asked = 0;
  while (end.why === '' && asked < 100_000) {
    const asks = Array.from({ length: 1_000 }, (_, i) =>
      encodeHeader(frameType.ping, flag.syn, 0, asked + i),
    );
    asked += asks.length;
    peer.write(Buffer.concat(asks));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.match(end.why, /without reading/);
  assert.ok(asked <= 32_000, `given up after ${asked}`);
});

test('many streams whose data waits for a reader are no reason to give it up', async () => {
  const { client, ends, left, right } = joined();
  const hashes: Promise<string>[] = [];
  right.pause();
  const body = randomBytes(65_536);
  for (let i = 0; i < 250; i += 1) {
    const stream = client.open();
    stream.end(body);
    hashes.push(bytesOf(stream).then(hash));
  }
  await soon('the data waits', () => left.writableLength > 250 * 32_768);
  client.control(frameType.ping, flag.syn, 0, 7);
  assert.equal(ends.client, '');
  right.resume();
  assert.deepEqual(new Set(await Promise.all(hashes)), new Set([hash(body)]));
  client.close();
});
