import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  type FramePeer,
  type FrameServer,
  frameClient,
  setting,
  startFrameServer,
} from '../../support/frame-peer.js';
import { until } from '../../support/nats.js';
import { eventually } from '../../support/processes.js';
import { data, endStream, headers, windowUpdate } from '../../wire/frames.js';
import { requestHeaders } from '../../wire/harness.js';
import { assertEnded, hubMetric, nothingLeft, ok, openCall, openStage, type Stage } from './stage.js';

let stage: Stage;
let server: FrameServer;
const head = { ...ok, ':status': '200' };
const trailers = { 'grpc-status': '0' };

before(async () => {
  server = await startFrameServer();
  stage = await openStage([server.address]);
});
after(async () => {
  await stage.stop();
  server.stop();
});

/** The header block of a call, for a client by hand. */
function fields(): Record<string, string> {
  const all = { ':scheme': 'http', ':authority': 'stage', ...requestHeaders(), ...stage.metadata };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, String(value)]));
}

/** Streams that the server has seen on its newest connection. */
function streamsSeen(): number {
  return server.connections.at(-1)?.of(1).length ?? 0;
}

/** The next call at the server. */
async function nextCall(known: number): Promise<{ peer: FramePeer; stream: number }> {
  const peer = await server.connected(1);
  return { peer, stream: await peer.opened(known) };
}

describe('a half-close reaches the server once, after all bytes, and the client reads on', () => {
  const message = Buffer.from('\0\0\0\0\x03abc', 'latin1');
  const ways: Record<string, { expected: Buffer; send: () => Buffer[] }> = {
    'with the header block': {
      expected: Buffer.alloc(0),
      send: () => [headers(1, fields(), endStream)],
    },
    'with an empty DATA frame': {
      expected: message,
      send: () => [headers(1, fields()), data(1, message), data(1, Buffer.alloc(0), endStream)],
    },
    'with an empty DATA frame alone': {
      expected: Buffer.alloc(0),
      send: () => [headers(1, fields()), data(1, Buffer.alloc(0), endStream)],
    },
    'with the last DATA frame': {
      expected: Buffer.concat([message, message]),
      send: () => [headers(1, fields()), data(1, message), data(1, message, endStream)],
    },
  };
  for (const [way, { expected, send }] of Object.entries(ways)) {
    test(way, async () => {
      const known = streamsSeen();
      const client = await frameClient(stage.address);
      client.send(...send());
      const { peer, stream } = await nextCall(known);
      await until('the half-close comes', () => peer.ends(stream) > 0);
      assert.deepEqual(peer.body(stream), expected);
      peer.send(headers(stream, head), data(stream, Buffer.from('first')));
      await until('the client reads', () => client.body(1).toString() === 'first');
      peer.send(data(stream, Buffer.from(' second')), headers(stream, trailers, endStream));
      await until('the client reads the end', () => client.ends(1) > 0);
      assert.equal(client.body(1).toString(), 'first second');
      assert.equal(client.ends(1), 1);
      assert.equal(client.resetCode(1), undefined, 'both sides have ended: nothing to reset');
      assert.equal(peer.ends(stream), 1, 'exactly once');
      assert.equal(peer.resetCode(stream), undefined);
      client.socket.destroy();
    });
  }
});

describe('a response that ends before its request', () => {
  const answers: Record<string, (stream: number) => Buffer[]> = {
    'with trailers': (stream) => [
      headers(stream, head),
      data(stream, Buffer.from('early')),
      headers(stream, { ...trailers, seen: 'yes' }, endStream),
    ],
    'with trailers only': (stream) => [headers(stream, { ...head, 'grpc-status': '5' }, endStream)],
  };
  for (const [how, answer] of Object.entries(answers)) {
    test(`${how}: the client gets it, then RST_STREAM(NO_ERROR), and so does the server`, async () => {
      const known = streamsSeen();
      const client = await frameClient(stage.address);
      client.send(headers(1, fields()), data(1, Buffer.from('part of a request')));
      const { peer, stream } = await nextCall(known);
      await until('the request comes', () => peer.body(stream).length > 0);
      peer.send(...answer(stream));
      await until('the client is told to stop', () => client.resetCode(1) !== undefined);
      assert.equal(client.ends(1), 1, 'the status comes before the reset');
      assert.equal(client.resetCode(1), 0);
      await until('the agent lets go', () => peer.resetCode(stream) !== undefined);
      assert.equal(peer.resetCode(stream), 0);
      // What was on its way must harm nobody.
      client.send(data(1, Buffer.alloc(100)), headers(3, fields(), endStream));
      const next = await nextCall(known + 1);
      next.peer.send(headers(next.stream, { ...head, ...trailers }, endStream));
      await until('the next call ends', () => client.ends(3) > 0);
      client.socket.destroy();
    });
  }

  /**
   * Waits until no more goes from the hub to the agent. The hub keeps bytes only where the agent grants no more, so
   * what it keeps stays the same when the agent has as much of each call as it takes.
   */
  async function stalled(): Promise<void> {
    let [kept, looks] = [0, 0];
    const look = async (): Promise<boolean> => {
      const before = kept;
      kept = await hubMetric(stage, 'postern_bus_buffered_bytes');
      looks = kept > 0 && kept === before ? looks + 1 : 0;
      return looks > 5;
    };
    await eventually('the calls are stalled', look, { everyMs: 10 });
  }

  test('while flow control blocks the client, again and again: no credit is lost', async () => {
    // A server that grants a stream 64 KiB and reads no more.
    const blockedBytes = 65_535;
    const [times, atOnce] = [300, 20];
    const sharedWindowBytes = 16 << 20;
    const client = await stage.client();
    let known = streamsSeen();
    const endless = Buffer.alloc(2 << 20, 7);
    for (let done = 0; done < times; done += atOnce) {
      const calls = Array.from({ length: atOnce }, () => {
        const call = openCall(stage, client, '/frames.S/Blocked');
        call.stream.write(endless);
        return call;
      });
      await stalled();
      for (let i = 0; i < atOnce; i++) {
        const { peer, stream } = await nextCall(known++);
        await until('the stream is blocked', () => peer.body(stream).length >= blockedBytes);
        peer.send(headers(stream, head), headers(stream, trailers, endStream));
        peer.forgetBody(stream);
      }
      for (const { closed } of calls) assertEnded(await closed, '0', 'an early end');
    }
    assert.ok(times * blockedBytes > sharedWindowBytes, 'more than all calls together may have on the way');
    await nothingLeft(stage);
  });

  test('a server that never reads the request is heard to the end', async () => {
    const client = await stage.client();
    const known = streamsSeen();
    const call = openCall(stage, client, '/frames.S/Deaf');
    call.stream.write(Buffer.alloc(1 << 20));
    const { peer, stream } = await nextCall(known);
    peer.send(headers(stream, head));
    const part = Buffer.alloc(16_384, 1);
    for (let i = 0; i < 20; i++) peer.send(data(stream, part));
    await until('all is heard', () => Buffer.concat(call.seen.chunks).length === 20 * part.length);
    peer.send(headers(stream, trailers, endStream));
    assertEnded(await call.closed, '0', 'a deaf server');
  });
});

test('a server whose windows are small gets no byte more than it grants', async () => {
  server.settings = [[setting.initialWindowSize, 10]];
  await server.hangUp();
  const connections = server.connections.length;
  const client = await stage.client();
  const call = openCall(stage, client, '/frames.S/Small');
  call.stream.end(Buffer.from('0123456789abcdef'));
  const peer = await server.connected(connections + 1);
  const stream = await peer.opened(0);
  await until('ten bytes come', () => peer.body(stream).length >= 10);
  assert.equal(peer.body(stream).toString(), '0123456789');
  assert.equal(peer.ends(stream), 0, 'the end keeps its place');
  peer.send(windowUpdate(stream, 100));
  await until('the rest comes', () => peer.ends(stream) === 1);
  assert.equal(peer.body(stream).toString(), '0123456789abcdef');
  peer.send(headers(stream, { ...head, ...trailers }, endStream));
  assertEnded(await call.closed, '0', 'small windows');
  await nothingLeft(stage);
});
