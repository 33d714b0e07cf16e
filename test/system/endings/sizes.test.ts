import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { after, before, describe, test } from 'node:test';
import { frameClient } from '../../support/frame-peer.js';
import { until } from '../../support/nats.js';
import { data, endStream, frame, headers } from '../../wire/frames.js';
import { type RawServer, requestHeaders, startRawServer } from '../../wire/harness.js';
import { assertEnded, nothingLeft, ok, openCall, openStage, type Stage } from './stage.js';

const [kib, mib] = [1 << 10, 1 << 20];
let stage: Stage;
let server: RawServer;
let client: ClientHttp2Session;
let requestBytes = 0;

before(async () => {
  server = await startRawServer(
    (stream, received) => {
      const hash = createHash('sha256');
      requestBytes = 0;
      stream.on('data', (chunk: Buffer) => {
        hash.update(chunk);
        requestBytes += chunk.length;
      });
      stream.on('wantTrailers', () =>
        stream.sendTrailers({ 'grpc-status': '0', 'request-hash': hash.digest('hex') }),
      );
      stream.respond(ok, { waitForTrailers: true });
      if (received[':path'] === '/t.S/Hash') stream.on('end', () => stream.end());
      else stream.pipe(stream);
    },
    { settings: { initialWindowSize: mib } },
  );
  const { address } = server;
  assert.ok('port' in address);
  stage = await openStage([`127.0.0.1:${address.port}`]);
  client = await stage.client();
});
after(async () => {
  await stage.stop();
  await server.close();
});

/** A gRPC message whose bytes tell where they belong. */
function messageOf(bytes: number): Buffer {
  const message = Buffer.allocUnsafe(5 + bytes);
  message[0] = 0;
  message.writeUInt32BE(bytes, 1);
  for (let at = 5, word = 0; at < message.length; at += 4, word++) {
    if (at + 4 <= message.length) message.writeUInt32BE((word * 2_654_435_761) >>> 0, at);
    else message.fill(word & 0xff, at);
  }
  return message;
}

function hashOf(...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** Sends a request to the server that echoes; both directions must be what was sent, byte for byte. */
async function echoed(request: Buffer, send: (stream: ClientHttp2Stream) => void): Promise<void> {
  const { stream, closed } = openCall(stage, client, '/t.S/Echo');
  send(stream);
  const seen = await closed;
  assertEnded(seen, '0', `${request.length} bytes`);
  assert.equal(seen.trailers?.headers['request-hash'], hashOf(request), 'the request as the server got it');
  assert.equal(hashOf(...seen.chunks), hashOf(request), 'the response');
}

describe('a message passes both ways, byte for byte', () => {
  const around = (size: number): number[] => [size - 6, size - 5, size - 4, size - 1, size, size + 1];
  const sizes = [0, 1, 4, 5, ...around(16 * kib), ...around(64 * kib), ...around(256 * kib), ...around(mib)];
  for (const size of [...sizes, 3 * mib, 16 * mib + 1]) {
    test(`${size} bytes`, () => {
      const message = messageOf(size);
      return echoed(message, (stream) => stream.end(message));
    });
  }

  test('64 MiB', () => {
    const message = messageOf(64 * mib);
    return echoed(message, (stream) => stream.end(message));
  });

  test('eight at once, of all sizes', () =>
    Promise.all(
      [0, kib, 64 * kib, mib - 1, mib, mib + 1, 4 * mib, 8 * mib].map((size) => {
        const message = messageOf(size);
        return echoed(message, (stream) => stream.end(message));
      }),
    ).then(() => undefined));
});

describe('messages do not care where DATA frames begin and end', () => {
  /** Pseudo-random and the same in each run (Numerical Recipes' generator). */
  function* numbers(): Generator<number, never> {
    for (let state = 1; ; ) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      yield state >>> 8;
    }
  }

  test('thousands of small messages in frames of odd sizes, some empty, some padded', async () => {
    const random = numbers();
    const messages = Buffer.concat(Array.from({ length: 4_000 }, (_, i) => messageOf(i % 23)));
    const peer = await frameClient(stage.address, [[4, mib]]);
    await until('the windows of the hub are known', () => peer.of(4).length > 0);
    const fields = { ':scheme': 'http', ':authority': 'x', ...requestHeaders(), ...stage.metadata };
    const text = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
    peer.send(headers(1, { ...text, ':path': '/t.S/Echo' }));
    for (let at = 0; at < messages.length; ) {
      const bytes = random.next().value % 40;
      const part = messages.subarray(at, at + bytes);
      at += bytes;
      const padding = random.next().value % 8;
      // PADDED: a length before the bytes, and so many zeros after them.
      if (padding > 5) peer.send(frame(0, 8, 1, Buffer.concat([Buffer.from([9]), part, Buffer.alloc(9)])));
      else peer.send(data(1, part));
      // A pause now and then, so that not all of them come in one read.
      if (padding === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    peer.send(data(1, Buffer.alloc(0), endStream));
    await until('the response ends', () => peer.ends(1) > 0);
    assert.equal(requestBytes, messages.length);
    assert.ok(peer.body(1).equals(messages));
    peer.socket.destroy();
  });

  test('one byte at a time', () => {
    const message = Buffer.concat([messageOf(0), messageOf(100), messageOf(0), messageOf(57)]);
    return echoed(message, (stream) => {
      for (const byte of message) stream.write(Buffer.from([byte]));
      stream.end();
    });
  });
});

test('a message that claims 4 GiB takes no memory for it', async () => {
  const residentMib = async (pid: number): Promise<number> => {
    const text = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1]) / 1024;
  };
  const pids = [stage.hub.pid, stage.agent.pid];
  const request = Buffer.concat([Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), Buffer.alloc(1_000, 1)]);
  const before = await Promise.all(pids.map(residentMib));
  for (let i = 0; i < 20; i++) await echoed(request, (stream) => stream.end(request));
  const now = await Promise.all(pids.map(residentMib));
  for (const [i, mebibytes] of now.entries()) {
    const grown = mebibytes - (before[i] ?? 0);
    assert.ok(grown < 64, `${i === 0 ? 'hub' : 'agent'} has grown by ${Math.round(grown)} MiB`);
  }
});

test('nothing is left of all these calls', () => nothingLeft(stage));
