import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request as startRequest } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import type { OriginTimeouts } from '../../src/wire/http-proxy.js';
import { tcp, until } from './harness.js';
import {
  ask2,
  open2,
  type ProxyUnderTest,
  type RawOrigin,
  sendRaw,
  startProxy,
  startRawOrigin,
} from './http-proxy-harness.js';

const get = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const post = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello';

describe('an exchange with an origin', () => {
  const stops: (() => unknown)[] = [];
  const start = async (
    answer: string | undefined,
    timeouts: OriginTimeouts = {},
  ): Promise<{ origin: RawOrigin; proxy: ProxyUnderTest }> => {
    const origin = await startRawOrigin(answer);
    const proxy = await startProxy(origin.port, timeouts);
    stops.push(() => proxy.stop(), origin.stop);
    return { origin, proxy };
  };
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });
  const code = (answer: string): unknown => JSON.parse(answer.split('\r\n\r\n')[1] ?? '').code;

  it('that is not there is answered with 502', async () => {
    const { origin, proxy } = await start(undefined);
    origin.stop();
    const answer = await sendRaw(proxy.address, get);
    assert.match(answer, /^HTTP\/1\.1 502 Bad Gateway\r\ncontent-type: application\/json\r\n/);
    assert.equal(code(answer), 'SERVICE_UNREACHABLE');
    assert.doesNotMatch(answer, new RegExp(`127\\.0\\.0\\.1|${origin.port}`), 'where it lives is not told');
    const session = open2(proxy.address);
    const two = await ask2(session, { ':path': '/' });
    session.close();
    assert.deepEqual([two.status, two.headers['x-postern-error']], [502, 'SERVICE_UNREACHABLE']);
    const head = await sendRaw(proxy.address, get.replace('GET', 'HEAD'));
    assert.match(head, /^HTTP\/1\.1 502 [\s\S]*\r\n\r\n$/);
  });

  const broken: Record<string, string> = {
    'half a head': 'HTTP/1.1 200 OK\r\nContent-Le',
    'no HTTP at all': 'SSH-2.0-OpenSSH_9.2\r\n',
    'a length beside chunks':
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!',
    'a change of protocol that nobody asked for':
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
  };
  for (const [what, answer] of Object.entries(broken)) {
    it(`that answers with ${what} is answered with 502`, async () => {
      const { origin, proxy } = await start(answer);
      const answered = sendRaw(proxy.address, post);
      await until(() => origin.bytes().endsWith('hello'), 'the request is there');
      await new Promise((resolve) => setImmediate(resolve));
      for (const socket of origin.sockets) socket.end();
      assert.equal(code(await answered), 'SERVICE_BROKEN');
    });
  }

  for (const [what, head, rest] of [
    ['by its length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello', ''],
    ['by its chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', '0\r\n\r\n'],
  ] as const) {
    it(`whose answer stops before its end, ${what}, is cut for the client too`, async () => {
      const { origin, proxy } = await start(head);
      const session = open2(proxy.address);
      const answers = [sendRaw(proxy.address, get), ask2(session, { ':path': '/' })] as const;
      await until(() => origin.sockets.length === 2 && proxy.ends.length === 0, 'both are there');
      await until(() => origin.bytes().split('\r\n\r\n').length === 3, 'both have asked');
      for (const socket of origin.sockets) socket.end();
      const one = await answers[0];
      assert.match(one, /hello/);
      assert.ok(rest === '' || !one.includes(rest), 'the client must not think that it is complete');
      assert.notEqual((await answers[1]).rstCode, 0);
      session.close();
      await until(() => proxy.ends.length === 2, 'both are over');
      assert.ok(proxy.ends.every(({ complete }) => !complete));
    });
  }

  it('that does not answer in time is answered with 504', async () => {
    const { origin, proxy } = await start(undefined, { headMs: 200 });
    const answer = await sendRaw(proxy.address, post);
    assert.match(answer, /^HTTP\/1\.1 504 Gateway Timeout\r\n/);
    assert.equal(code(answer), 'SERVICE_TIMEOUT');
    await until(() => origin.sockets.every((socket) => socket.destroyed), 'its connection is closed');
  });

  it('that takes no connection in time is answered with 504', async () => {
    const port = await startFull(stops);
    const proxy = await startProxy(port, { connectMs: 300 });
    stops.push(() => proxy.stop());
    const answer = await sendRaw(proxy.address, get);
    assert.match(answer, /^HTTP\/1\.1 504 /);
    assert.match(answer, /a connection to it could not be made in time/);
  });

  it('that stops in the middle of its answer is cut', async () => {
    const { proxy } = await start('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello', { idleMs: 1_000 });
    assert.match(await sendRaw(proxy.address, get), /hello$/);
    await until(() => proxy.ends.length === 1, 'it is over');
    assert.deepEqual([proxy.ends[0]?.complete, proxy.ends[0]?.code], [false, '']);
  });

  it('that goes on and on is cut where there is a bound for all of it', async () => {
    const { origin, proxy } = await start('HTTP/1.1 200 OK\r\n\r\n', { wholeMs: 2_000 });
    const drip = setInterval(() => {
      for (const socket of origin.sockets) socket.write('drop\n');
    }, 20);
    const answer = await sendRaw(proxy.address, get);
    clearInterval(drip);
    assert.match(answer, /drop/);
    assert.doesNotMatch(answer, /\r\n0\r\n\r\n$/);
  });

  it('ends at once when the client goes', async () => {
    const { origin, proxy } = await start('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello');
    const socket = connect(tcp(proxy.address));
    socket.write(get);
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    await until(() => origin.sockets.every((one) => one.destroyed), 'the origin hears of it');
    const session = open2(proxy.address);
    const stream = session.request({ ':path': '/' });
    stream.on('error', () => {});
    await new Promise((resolve) => stream.once('data', resolve));
    stream.close(8);
    await until(() => origin.sockets.every((one) => one.destroyed), 'the origin hears of that too');
    session.close();
    await until(() => proxy.origin.inFlight === 0, 'nothing stays');
  });

  it('ends at once when the client goes in the middle of its request', async () => {
    const { origin, proxy } = await start(undefined);
    const socket = connect(tcp(proxy.address));
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello');
    await until(() => origin.bytes().endsWith('hello'), 'the origin has the first half');
    socket.destroy();
    await until(() => origin.sockets.every((one) => one.destroyed), 'the origin hears of it');
  });

  it('is tried again where a kept connection breaks and nothing can have happened twice', async () => {
    const { origin, proxy } = await start('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    const empty = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
    for (const again of [get, post, empty, post.replace('POST', 'PUT')]) {
      assert.match(await sendRaw(proxy.address, get), /ok$/);
      const kept = origin.sockets.at(-1) ?? assert.fail();
      // The next request finds it closed.
      kept.prependOnceListener('data', () => kept.destroy());
      const answer = await sendRaw(proxy.address, again);
      assert.match(answer, again === get ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 502 /);
    }
    assert.equal(origin.bytes().match(/P(?:OS|U)T \//g)?.length, 3, 'each was sent once');
  });

  it('sends a body that waits to be asked for when the origin asks for it, and only then', async () => {
    const { origin, proxy } = await start(undefined);
    const ask = () => {
      const sent = startRequest(`http://${proxy.address}/`, {
        method: 'PUT',
        headers: { expect: '100-continue', 'content-length': '5' },
        agent: false,
      });
      sent.on('error', () => {});
      sent.flushHeaders();
      return sent;
    };
    const taken = ask();
    await until(() => /expect: 100-continue\r\n/i.test(origin.bytes()), 'the origin is asked');
    const told = new Promise((resolve) => taken.once('continue', resolve));
    origin.sockets[0]?.write('HTTP/1.1 100 Continue\r\n\r\n');
    await told;
    taken.end('hello');
    await until(() => origin.bytes().endsWith('\r\n\r\nhello'), 'the body is there');
    taken.destroy();

    const refused = ask();
    const status = new Promise((resolve) =>
      refused.once('response', ({ statusCode }) => resolve(statusCode)),
    );
    await until(() => origin.sockets.length === 2 && origin.bytes().match(/expect/gi)?.length === 2, 'again');
    origin.sockets[1]?.write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n');
    assert.equal(await status, 413);
    refused.destroy();
    await until(() => proxy.origin.inFlight === 0, 'nothing stays');
  });
});

/** A listener that is frozen and whose queue is full, so that the system leaves whoever connects without an answer. */
async function startFull(stops: (() => unknown)[]): Promise<number> {
  const listen =
    "server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port))";
  const child = spawn(process.execPath, ['-e', `const server = require('net').createServer(); ${listen}`]);
  stops.push(() => child.kill('SIGKILL'));
  const [text] = await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  const port = Number(String(text));
  for (let waiting = 0; waiting < 20; waiting++) {
    const socket = connect(port, '127.0.0.1');
    stops.push(() => socket.destroy());
    socket.on('error', () => {});
    const connected = await Promise.race([
      once(socket, 'connect').then(() => true),
      new Promise<boolean>((resolve) => setTimeout(resolve, 1_500, false)),
    ]);
    if (!connected) return port;
  }
  throw new Error('the queue is never full');
}
