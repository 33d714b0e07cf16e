import assert from 'node:assert/strict';
import type { ClientHttp2Session } from 'node:http2';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type FramePeer, type FrameServer, setting, startFrameServer } from '../../support/frame-peer.js';
import { until } from '../../support/nats.js';
import { data, endStream, frame, goaway, headers, settingsOf, windowUpdate } from '../../wire/frames.js';
import { assertEnded, nothingLeft, openCall, openStage, type Stage, type StagedCall } from './stage.js';

let stage: Stage;
let server: FrameServer;
let client: ClientHttp2Session;
const head = { ':status': '200', 'content-type': 'application/grpc' };
const lastOfAll = 0x7fff_ffff;

before(async () => {
  server = await startFrameServer();
  stage = await openStage([server.address]);
  client = await stage.client();
});
after(async () => {
  await stage.stop();
  server.stop();
});
beforeEach(async () => {
  server.settings = [];
  await server.hangUp();
});

/** Opens a call that comes on a new connection as its first stream. */
async function onNewConnection(
  path: string,
  more: { endStream?: boolean } = {},
): Promise<{ call: StagedCall; peer: FramePeer; stream: number }> {
  const known = server.connections.length;
  const call = openCall(stage, client, path, {}, more);
  const peer = await server.connected(known + 1);
  return { call, peer, stream: await peer.opened(0) };
}

function answer(peer: FramePeer, stream: number, body = ''): void {
  peer.send(
    headers(stream, head),
    data(stream, Buffer.from(body)),
    headers(stream, { 'grpc-status': '0' }, endStream),
  );
}

describe('GOAWAY of the server', () => {
  test('a call in flight finishes, a new one uses a new connection', async () => {
    const { call, peer, stream } = await onNewConnection('/t.S/Old');
    peer.send(headers(stream, head), goaway(stream, 0));
    const next = await onNewConnection('/t.S/New', { endStream: true });
    assert.notEqual(next.peer, peer);
    answer(next.peer, next.stream);
    assertEnded(await next.call.closed, '0', 'the new call');
    call.stream.end('the rest of the request');
    await until('the old call goes on', () => peer.body(stream).toString() === 'the rest of the request');
    peer.send(data(stream, Buffer.from('late')), headers(stream, { 'grpc-status': '0' }, endStream));
    assertEnded(await call.closed, '0', 'the old call');
    assert.equal(Buffer.concat(call.seen.chunks).toString(), 'late');
    await until('the agent closes the old connection', () => peer.closed);
  });

  test('twice, as at the end of the age of a connection: no call fails, whenever it came', async () => {
    const first = await onNewConnection('/t.S/First');
    const { peer } = first;
    // grpc-go: at first for no stream at all, then, once its ping came back, with the last that it has taken.
    peer.send(goaway(lastOfAll, 0), frame(6, 0, 0, Buffer.alloc(8, 1)));
    await until('the ping comes back', () => peer.of(6).length > 0);
    const second = await onNewConnection('/t.S/Second', { endStream: true });
    peer.send(goaway(first.stream, 0));
    answer(second.peer, second.stream);
    assertEnded(await second.call.closed, '0', 'the call between');
    answer(peer, first.stream);
    assertEnded(await first.call.closed, '0', 'the first call');
    await until('the agent closes the old connection', () => peer.closed);
  });

  for (const [what, code] of [
    ['gracefully', 0],
    ['with an error', 11],
  ] as const) {
    test(`${what}, from before the call on: it is tried once more, and the client notices nothing`, async () => {
      const { call, peer, stream } = await onNewConnection('/t.S/Above');
      call.stream.end('a request');
      await until('the request is there', () => peer.ends(stream) === 1);
      const known = server.connections.length;
      peer.send(goaway(0, code));
      const other = await server.connected(known + 1);
      const again = await other.opened(0);
      await until('the request is there again', () => other.ends(again) === 1);
      assert.equal(other.body(again).toString(), 'a request');
      answer(other, again);
      assertEnded(await call.closed, '0', 'the second attempt');
    });
  }

  test('with an error, after the call: UNAVAILABLE, since the server may have served it', async () => {
    const { call, peer, stream } = await onNewConnection('/t.S/Below');
    peer.send(goaway(stream, 11));
    assertEnded(await call.closed, '14', 'a call that was taken');
    const next = await onNewConnection('/t.S/New', { endStream: true });
    answer(next.peer, next.stream);
    assertEnded(await next.call.closed, '0', 'the next call');
  });
});

describe('MAX_CONCURRENT_STREAMS of the server', () => {
  /** Answers whatever comes, one stream at a time for each connection; gives how many came. */
  function serveOneByOne(): { served: () => number; most: () => number; stop: () => void } {
    const done = new Map<FramePeer, number>();
    let most = 0;
    const timer = setInterval(() => {
      for (const peer of server.connections) {
        if (peer.closed) continue;
        const streams = peer.of(1).map(({ stream }) => stream);
        const before = done.get(peer) ?? 0;
        most = Math.max(most, streams.length - before);
        for (const stream of streams.slice(before)) answer(peer, stream);
        done.set(peer, streams.length);
      }
    }, 5);
    const served = (): number => [...done.values()].reduce((sum, count) => sum + count, 0);
    return { served, most: () => most, stop: () => clearInterval(timer) };
  }

  test('1: calls wait for their turn and all succeed, but for those that give up', async () => {
    server.settings = [[setting.maxConcurrentStreams, 1]];
    const known = server.connections.length;
    const calls = Array.from({ length: 30 }, () =>
      openCall(stage, client, '/t.S/Queue', {}, { endStream: true }),
    );
    await until('some have begun', () =>
      server.connections.slice(known).some((peer) => peer.of(1).length > 0),
    );
    const timed = openCall(stage, client, '/t.S/Queue', { 'grpc-timeout': '300m' }, { endStream: true });
    const cancelled = openCall(stage, client, '/t.S/Queue', {}, { endStream: true });
    assertEnded(await timed.closed, '4', 'a deadline in the queue');
    cancelled.stream.close(8);
    await cancelled.closed;
    const one = serveOneByOne();
    for (const call of calls) assertEnded(await call.closed, '0', 'a call in the queue');
    one.stop();
    assert.equal(one.most(), 1, 'never two at a time on one connection');
    assert.equal(one.served(), calls.length, 'the server never saw those that gave up');
  });

  test('0, then 1: a call waits until it may begin', async () => {
    server.settings = [[setting.maxConcurrentStreams, 0]];
    const known = server.connections.length;
    const call = openCall(stage, client, '/t.S/Zero', {}, { endStream: true });
    const peer = await server.connected(known + 1);
    await until('the SETTINGS are known', () => peer.of(4).some(({ flags }) => flags === 1));
    assert.equal(peer.of(1).length, 0);
    const one = serveOneByOne();
    for (const other of server.connections) other.send(settingsOf([[setting.maxConcurrentStreams, 1]]));
    // Those that come later begin with what is right by then.
    server.settings = [[setting.maxConcurrentStreams, 1]];
    assertEnded(await call.closed, '0', 'the call');
    one.stop();
    assert.equal(one.served(), 1);
  });
});

test('SETTINGS that change amid a call: windows shrink and grow, and every byte arrives', async () => {
  const { call, peer, stream } = await onNewConnection('/t.S/Settings');
  const request = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251));
  call.stream.end(request);
  await until('the first window is full', () => peer.body(stream).length === 65_535);
  // The stream's window becomes negative: 1000 - 65,535.
  peer.send(
    settingsOf([
      [setting.initialWindowSize, 1_000],
      [1, 0],
      [5, 16_384],
    ]),
  );
  peer.send(windowUpdate(stream, 65_535));
  await until('a little more comes', () => peer.body(stream).length === 66_535);
  peer.send(settingsOf([[setting.initialWindowSize, 300_000]]));
  await until('the rest comes', () => peer.ends(stream) === 1);
  assert.ok(peer.body(stream).equals(request));
  answer(peer, stream, 'thanks');
  assertEnded(await call.closed, '0', 'changed SETTINGS');
});

test('nothing is left of all these calls', () => nothingLeft(stage));

test('the hub says GOAWAY to its clients when it stops, and what is open finishes', async () => {
  const { call, peer, stream } = await onNewConnection('/t.S/Last');
  peer.send(headers(stream, head));
  await until('the call is open', () => call.seen.head !== undefined);
  let code: number | undefined;
  client.once('goaway', (told: number) => {
    code = told;
  });
  const stopped = stage.hub.stop();
  await until('GOAWAY comes', () => code !== undefined);
  assert.equal(code, 0);
  assert.equal(call.stream.closed, false);
  peer.send(data(stream, Buffer.from('to the end')), headers(stream, { 'grpc-status': '0' }, endStream));
  assertEnded(await call.closed, '0', 'the call that was open');
  assert.equal(Buffer.concat(call.seen.chunks).toString(), 'to the end');
  assert.equal(await stopped, 0);
});
