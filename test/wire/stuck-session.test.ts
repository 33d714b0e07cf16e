import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { describe, test } from 'node:test';
import { endWhenStuck } from '../../src/wire/stuck-session.js';
import { setting, startFrameServer } from '../support/frame-peer.js';
import { frame, goaway, windowUpdate } from './frames.js';
import { until } from './harness.js';

const lookMs = 20;
/** What breaks HTTP/2 so that Node gives the session up without a word. */
const broken: Record<string, Buffer> = {
  'no frames at all': Buffer.from('this is no HTTP/2 frame, whatever you do with it; '.repeat(4)),
  'a PING that is too short': frame(6, 0, 0, Buffer.alloc(3)),
  'DATA that is too large': frame(0, 0, 1, Buffer.alloc(20_000)),
  'a header block that does not decode': frame(1, 4, 1, Buffer.alloc(6, 0xff)),
};

describe('a connection whose server breaks HTTP/2 is closed, and its streams with it', () => {
  for (const [what, bytes] of Object.entries(broken)) {
    test(what, async (t) => {
      const server = await startFrameServer();
      const session = connect(`http://${server.address}`);
      t.after(() => {
        session.destroy();
        server.stop();
      });
      session.on('error', () => {});
      endWhenStuck(
        session,
        lookMs,
        () => true,
        () => {},
      );
      const stream = session.request({ ':method': 'POST', ':path': '/a/b' }, { endStream: false });
      stream.on('error', () => {});
      await server.connected(1);
      await server.last().opened(0);
      server.last().send(bytes);
      await until(() => stream.closed && session.destroyed, 'stream and session are over');
      await until(() => server.last().closed, 'the connection is closed');
    });
  }
});

test('a quiet connection that lives is left open, also where SETTINGS are never acknowledged', async (t) => {
  const server = await startFrameServer();
  const session = connect(`http://${server.address}`);
  t.after(() => {
    session.destroy();
    server.stop();
  });
  endWhenStuck(
    session,
    lookMs,
    () => true,
    () => {},
  );
  const stream = session.request({ ':method': 'POST', ':path': '/a/b' }, { endStream: false });
  await server.connected(1);
  const peer = server.last();
  await until(() => peer.of(4).filter(({ flags }) => flags === 0).length > 5, 'it is probed again and again');
  peer.socket.removeAllListeners('data');
  let probes = 0;
  peer.socket.on('data', (chunk: Buffer) => {
    probes += chunk.length;
  });
  await until(() => probes > 60, 'it is probed on');
  assert.equal(session.destroyed, false);
  assert.equal(stream.closed, false);
});

test('a quiet call on a connection that its server is about to leave is let be', async (t) => {
  const server = await startFrameServer();
  const session = connect(`http://${server.address}`);
  t.after(() => {
    session.destroy();
    server.stop();
  });
  endWhenStuck(
    session,
    lookMs,
    () => true,
    () => {},
  );
  const stream = session.request({ ':method': 'POST', ':path': '/a/b' }, { endStream: false });
  const peer = await server.connected(1);
  await peer.opened(0);
  peer.send(goaway(1, 0));
  await until(() => session.closed, 'it takes no more calls');
  const known = peer.of(4).length;
  await until(() => peer.of(4).length > known + 5, 'it is probed again and again');
  assert.equal(session.destroyed, false);
  assert.equal(stream.closed, false);
});

test('a server that does not read on is waited for while something waits for it', async (t) => {
  const server = await startFrameServer();
  const [busy, clock] = [connect(`http://${server.address}`), connect(`http://${server.address}`)];
  server.settings = [[setting.initialWindowSize, 2 ** 30]];
  t.after(() => {
    busy.destroy();
    clock.destroy();
    server.stop();
  });
  for (const session of [busy, clock]) {
    session.on('error', () => {});
    endWhenStuck(
      session,
      lookMs,
      () => true,
      () => {},
    );
  }
  const quiet = clock.request({ ':method': 'POST', ':path': '/a/b' }, { endStream: false });
  await server.connected(2);
  const stream = busy.request({ ':method': 'POST', ':path': '/a/b' }, { endStream: false });
  await until(() => server.connections.every((peer) => peer.of(1).length === 1), 'both calls are open');
  const slow = server.connections.find((peer) => peer.socket.remotePort === busy.socket.localPort);
  const other = server.connections.find((peer) => peer !== slow);
  slow?.send(windowUpdate(1, 2 ** 29));
  slow?.socket.pause();
  stream.on('error', () => {});
  stream.write(Buffer.alloc(32 << 20));
  const known = other?.of(4).length ?? 0;
  await until(() => (other?.of(4).length ?? 0) > known + 8, 'it is looked at again and again');
  assert.equal(busy.destroyed, false);
  assert.equal(quiet.closed, false);
});
