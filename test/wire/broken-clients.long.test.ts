import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { TlsIdentity } from '../../src/wire/tls-identity.js';
import { type FramePeer, frameClient, frameClientOn, setting } from '../support/frame-peer.js';
import { data, endStream, frame, headers, preface, settings } from './frames.js';
import { dial, Held } from './front-harness.js';
import { startFront, tcp, until } from './harness.js';
import { secure, testIdentity } from './tls-stage.js';

const request = {
  ':method': 'POST',
  ':scheme': 'http',
  ':authority': 'localhost',
  ':path': '/test.Service/Method',
  'content-type': 'application/grpc',
};

/** How clients break HTTP/2 while a call of theirs is open. */
const breakages: Readonly<Record<string, Buffer>> = {
  'says what is no frame at all': Buffer.from('this is no HTTP/2 frame, whatever you do with it; '.repeat(4)),
  'sends a PING that is too short': frame(6, 0, 0, Buffer.alloc(3)),
  'sends DATA that is too large': frame(0, 0, 1, Buffer.alloc(20_000)),
  'sends a header block that does not decode': frame(1, 4, 3, Buffer.alloc(6, 0xff)),
  'sends DATA on a stream that nobody opened': data(7, Buffer.alloc(3)),
  'stops in the middle of a frame': frame(0, 0, 1, Buffer.alloc(100)).subarray(0, 40),
  'stops in the middle of a header block': frame(1, 0, 3, Buffer.from([0x82])),
};
/** What it does then. */
const endings: Readonly<Record<string, (socket: Socket) => void>> = {
  'goes away': (socket) => socket.destroy(),
  'resets the connection': (socket) => socket.resetAndDestroy(),
  'half-closes': (socket) => socket.end(),
};

/** Long enough that whoever waits it out is noticed. */
const graceMs = 60_000;
const soonMs = graceMs / 10;
/** More bytes than the system keeps for a client that does not read. */
const much = 32 << 20;

let identity: TlsIdentity;
before(async () => {
  identity = await testIdentity();
});
after(() => identity.stop());

/** A connection to a front, within TLS or not. */
async function reach(address: string, overTls: boolean): Promise<Socket> {
  const socket = overTls ? await secure({ ...tcp(address), ALPNProtocols: ['h2'] }) : dial(address);
  await once(socket, overTls ? 'secureConnect' : 'connect');
  return socket;
}

describe('a front that stops does not wait for a client that', {
  concurrency: true,
  timeout: 120_000,
}, () => {
  for (const [what, bytes] of Object.entries(breakages)) {
    for (const [then, leave] of Object.entries(endings)) {
      // Node resets no connection within TLS.
      for (const overTls of then === 'resets the connection' ? [false] : [false, true]) {
        test(`${what} and ${then}${overTls ? ', within TLS' : ''}`, async () => {
          const target = new Held();
          target.hold = true;
          const front = await startFront(target, overTls ? { tls: identity } : {});
          const socket = await reach(front.address, overTls);
          socket.resume();
          socket.write(Buffer.concat([preface, settings, headers(1, request)]));
          await until(() => target.sinks.length === 1, 'the call has begun');
          socket.write(bytes, () => leave(socket));
          await once(socket, then === 'half-closes' ? 'finish' : 'close');
          const from = performance.now();
          await front.drain(graceMs);
          const took = performance.now() - from;
          socket.destroy();
          assert.ok(took < soonMs, `it waited ${Math.round(took)} ms for nobody`);
          assert.deepEqual(
            front.results.map(({ status }) => status),
            [1],
          );
        });
      }
    }
  }
});

test('a front that does not stop notices soon, too', { timeout: 30_000 }, async () => {
  const target = new Held();
  target.hold = true;
  const never = 3_600_000;
  const sessions = { idleMs: never, pingAfterMs: never, pongMs: 120 };
  const front = await startFront(target, { limits: { sessions } });
  const peer = await frameClient(front.address);
  peer.send(headers(1, request));
  await until(() => target.sinks.length === 1, 'the call has begun');
  peer.send(Buffer.from('what follows is none of it'));
  await until(() => front.results.length === 1, 'its call is over');
  await until(() => peer.closed, 'the connection is closed');
  await front.close();
});

describe('a front that stops waits for a call in flight', { concurrency: true, timeout: 60_000 }, () => {
  /** The number of looks at connections that are quiet, by what one of them is sent. */
  const looks = (peer: FramePeer): number => peer.of(4).filter(({ flags }) => flags === 0).length;

  test('of a client that is quiet, for as long as the grace lasts', async () => {
    const target = new Held();
    target.hold = true;
    const front = await startFront(target);
    const peer = await frameClient(front.address);
    peer.send(headers(1, request, endStream));
    await until(() => target.sinks.length === 1, 'the call has begun');
    const drained = front.drain(graceMs);
    await until(() => looks(peer) > 5, 'it was looked at again and again', soonMs);
    assert.equal(front.results.length, 0, 'its call was ended');
    target.release();
    await drained;
    assert.deepEqual(
      front.results.map(({ status }) => status),
      [0],
    );
    peer.socket.destroy();
  });

  for (const overTls of [false, true]) {
    test(`of a client that never acknowledges SETTINGS, and of one that reads nothing of what waits for it${overTls ? ', within TLS' : ''}`, async () => {
      const target = new Held();
      target.hold = true;
      const front = await startFront(target, overTls ? { tls: identity } : {});
      const clock = frameClientOn(await reach(front.address, overTls));
      clock.send(headers(1, request, endStream));
      await until(() => target.sinks.length === 1, 'the call has begun');
      const silent = (await reach(front.address, overTls)).resume();
      silent.write(Buffer.concat([preface, settings, headers(1, request, endStream)]));
      await until(() => target.sinks.length === 2, 'the silent one has begun');
      const slow = frameClientOn(await reach(front.address, overTls), [[setting.initialWindowSize, 2 ** 30]]);
      slow.send(headers(1, request, endStream));
      await until(() => target.sinks.length === 3, 'the slow one has begun');
      slow.socket.pause();
      target.sinks[2]?.data(Buffer.alloc(much));
      const drained = front.drain(graceMs);
      await until(() => looks(clock) > 8, 'all were looked at again and again', 2 * soonMs);
      assert.equal(front.results.length, 0, 'a call was ended');
      target.release();
      slow.socket.resume();
      await until(() => slow.body(1).length === much, 'all that waited comes', soonMs);
      await drained;
      assert.deepEqual(
        front.results.map(({ status }) => status),
        [0, 0, 0],
      );
      for (const { socket } of [clock, slow]) socket.destroy();
      silent.destroy();
    });
  }
});
