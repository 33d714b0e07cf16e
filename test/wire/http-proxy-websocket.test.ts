import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { WebSocket as Client, type WebSocket, WebSocketServer } from 'ws';
import { ClosableWebSocket, closeFrame, FrameWalk } from '../../src/wire/http-proxy-websocket.js';
import { duplexPair } from '../../src/wire/in-process.js';
import { addressInfo, tcp, until } from './harness.js';
import {
  type ProxyUnderTest,
  sendRaw,
  startOrigin,
  startProxy,
  startRawOrigin,
} from './http-proxy-harness.js';

const upgrade =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

describe('a WebSocket passes to its origin', () => {
  let server: WebSocketServer;
  let proxy: ProxyUnderTest;
  const asked: NodeJS.Dict<string | string[]>[] = [];
  before(async () => {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'chat' });
    await once(server, 'listening');
    server.on('connection', (socket: WebSocket, request) => {
      asked.push(request.headers);
      socket.on('message', (text, isBinary) => socket.send(text, { binary: isBinary }));
      socket.on('error', () => {});
    });
    proxy = await startProxy(addressInfo(server.address()).port);
  });
  after(async () => {
    await proxy.stop();
    for (const socket of server.clients) socket.terminate();
    server.close();
  });

  it('with its messages, its protocol, compression and close code', async () => {
    const client = new Client(`ws://${proxy.address}/chat?room=1`, ['chat'], {
      headers: { 'x-forwarded-for': '10.0.0.1' },
      perMessageDeflate: true,
    });
    await once(client, 'open');
    assert.equal(client.protocol, 'chat');
    assert.equal(asked.at(-1)?.['x-forwarded-for'], '192.0.2.7');
    assert.equal(asked.at(-1)?.user_email, 'ann@example.org');
    for (const size of [0, 125, 126, 65_535, 65_536, 3_000_000]) {
      const sent = Buffer.alloc(size, size);
      client.send(sent);
      const [back] = await once(client, 'message');
      assert.ok(sent.equals(back), `${size} bytes`);
    }
    const [socket] = server.clients;
    socket?.close(4321, 'enough');
    const [closed, reason] = await once(client, 'close');
    assert.deepEqual([closed, String(reason)], [4321, 'enough']);
    await until(() => server.clients.size === 0, 'both ends are closed');
  });

  it('until one end is lost', async () => {
    for (const lose of ['client', 'origin']) {
      const client = new Client(`ws://${proxy.address}/`);
      client.on('error', () => {});
      await once(client, 'open');
      await until(() => server.clients.size === 1, 'the origin has it');
      const [socket] = server.clients;
      const gone = lose === 'client' ? once(socket ?? assert.fail(), 'close') : once(client, 'close');
      if (lose === 'client') client.terminate();
      else socket?.terminate();
      const [status] = await gone;
      assert.equal(status, 1006, lose);
      await until(() => server.clients.size === 0, 'both ends are closed');
    }
  });

  it('or not, and the answer of the origin is passed on', async () => {
    const origin = await startOrigin(() => {});
    origin.server.on('upgrade', (_request, socket) => {
      socket.end(
        'HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nX-Why: mood\r\nConnection: close\r\n\r\nno!\n',
      );
    });
    const other = await startProxy(origin.port);
    const answer = await sendRaw(other.address, `GET / HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`);
    assert.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*x-why: mood\r\n[\s\S]*\r\n\r\nno!\n$/i);
    await other.stop();
    origin.stop();
  });

  it('or not, where there is no origin or none that agrees', async () => {
    const none = await startRawOrigin(
      'HTTP/1.1 101 Switching\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\n',
    );
    const other = await startProxy(none.port);
    const request = `GET / HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`;
    assert.match(await sendRaw(other.address, request), /^HTTP\/1\.1 502 SERVICE_BROKEN/);
    none.stop();
    assert.match(await sendRaw(other.address, request), /^HTTP\/1\.1 502 SERVICE_UNREACHABLE/);
    await other.stop();
    const silent = await startRawOrigin(undefined);
    const third = await startProxy(silent.port, { headMs: 100 });
    assert.match(await sendRaw(third.address, request), /^HTTP\/1\.1 504 SERVICE_TIMEOUT/);
    // A client that does not wait takes the connection to the origin with it.
    const socket = connect(tcp(third.address));
    socket.write(request);
    await until(() => silent.sockets.length === 2, 'the origin is asked');
    socket.destroy();
    await until(() => silent.sockets.every((one) => one.destroyed), 'the origin hears of it');
    await third.stop();
    silent.stop();
  });
});

describe('a WebSocket that somebody else speaks', () => {
  const frame = (size: number, masked: boolean): Buffer => {
    const short = size < 126 ? size : size < 65_536 ? 126 : 127;
    const head = Buffer.alloc(2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (masked ? 4 : 0));
    head[0] = 0x82;
    head[1] = short | (masked ? 0x80 : 0);
    if (short === 126) head.writeUInt16BE(size, 2);
    if (short === 127) head.writeBigUInt64BE(BigInt(size), 2);
    return Buffer.concat([head, Buffer.alloc(size, 0x81)]);
  };
  const frames = fc.array(fc.tuple(fc.oneof(fc.nat(300), fc.constantFrom(0, 65_535, 65_536)), fc.boolean()), {
    minLength: 1,
    maxLength: 6,
  });

  it('is followed frame by frame, however its bytes come', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(70_000), { maxLength: 12 }), (sizes, cuts) => {
        const whole = Buffer.concat(sizes.map(([size, masked]) => frame(size, masked)));
        const ends = new Set<number>();
        let end = 0;
        for (const [size, masked] of sizes) {
          end += frame(size, masked).length;
          ends.add(end);
        }
        const walk = new FrameWalk();
        let at = 0;
        for (const cut of [...cuts.map((one) => one % whole.length).sort((a, b) => a - b), whole.length]) {
          walk.walk(whole.subarray(at, cut), false);
          at = cut;
          assert.equal(walk.between, cut === 0 || ends.has(cut));
        }
      }),
    );
  });

  it('is closed by us between two frames, and what comes later is left out', async () => {
    for (const cut of [0, 1, 3, 100, 206]) {
      const [near, far] = duplexPair();
      let got = Buffer.alloc(0);
      far.on('data', (chunk: Buffer) => {
        got = Buffer.concat([got, chunk]);
      });
      far.on('error', () => {});
      const socket = new ClosableWebSocket(near);
      socket.on('error', () => {});
      const first = frame(203, false);
      socket.write(first.subarray(0, cut));
      await new Promise((resolve) => setImmediate(resolve));
      socket.closeWith(1008, 'the token has expired');
      socket.write(Buffer.concat([first.subarray(cut), frame(9, false)]));
      await once(far, 'end');
      const whole = cut === 0 ? Buffer.alloc(0) : first;
      assert.deepEqual(
        got,
        Buffer.concat([whole, closeFrame(1008, 'the token has expired')]),
        `cut at ${cut}`,
      );
      far.destroy();
      socket.destroy();
    }
  });

  it('is cut when the frame that is under way does not end', async () => {
    const [near, far] = duplexPair();
    far.on('error', () => {});
    far.resume();
    const socket = new ClosableWebSocket(near);
    socket.on('error', () => {});
    socket.write(frame(203, false).subarray(0, 10));
    socket.closeWith(1008, 'the token was revoked');
    // The bound itself keeps no process up.
    const hold = setTimeout(() => {}, 20_000);
    await once(far, 'close');
    clearTimeout(hold);
    assert.ok(socket.destroyed);
  });
});
