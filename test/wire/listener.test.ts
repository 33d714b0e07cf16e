import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { PosternError } from '../../src/errors.js';
import type { CallHead, CallSink, CallTarget } from '../../src/rpc/call.js';
import type { Front } from '../../src/wire/listener.js';
import { refuse } from '../../src/wire/refuse.js';
import { headers, preface, settings } from './frames.js';
import {
  addressInfo,
  call,
  rawClient,
  requestHeaders,
  startFront,
  type TestFront,
  tcp,
  until,
  watch,
} from './harness.js';

/** A target that answers every call with OK when it is told to. */
class Held implements CallTarget {
  readonly sinks: CallSink[] = [];
  hold = false;

  open(_head: CallHead, sink: CallSink): ReturnType<CallTarget['open']> {
    if (this.hold) this.sinks.push(sink);
    else setImmediate(() => sink.trailers(['grpc-status', '0']));
    return { write: () => true, end: () => {}, cancel: () => {}, consumed: () => {} };
  }

  release(): void {
    for (const sink of this.sinks.splice(0)) sink.trailers(['grpc-status', '0']);
  }
}

const target = new Held();
const fronts: Front[] = [];

async function front(options: Parameters<typeof startFront>[1] = {}): Promise<TestFront> {
  const started = await startFront(target, options);
  fronts.push(started);
  return started;
}

afterEach(async () => {
  target.release();
  target.hold = false;
  await Promise.all(fronts.splice(0).map((one) => one.close()));
});

function dial(address: string): Socket {
  const socket = connect(tcp(address));
  socket.on('error', () => {});
  return socket;
}

/** All that a socket brings until it is closed. */
function drained(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  return new Promise((resolve) => {
    socket.once('close', () => resolve(text));
  });
}

describe('telling protocols apart', () => {
  const callFrames = Buffer.concat([
    preface,
    settings,
    headers(1, {
      ':method': 'POST',
      ':scheme': 'http',
      ':path': '/a.B/C',
      ':authority': 'localhost',
      'content-type': 'application/grpc',
    }),
  ]);

  test('HTTP/2 is told byte by byte and in one piece', async () => {
    const { address } = await front();
    for (const size of [1, 7, 23, 24, 25, callFrames.length]) {
      const socket = dial(address);
      socket.setNoDelay(true);
      let received = Buffer.alloc(0);
      socket.on('data', (chunk) => {
        received = Buffer.concat([received, chunk]);
      });
      await once(socket, 'connect');
      for (let at = 0; at < callFrames.length; at += size) {
        socket.write(callFrames.subarray(at, at + size));
        await new Promise((resolve) => setImmediate(resolve));
      }
      // A HEADERS frame on stream 1 with END_STREAM and END_HEADERS is the answer.
      const answer = Buffer.from([1, 5, 0, 0, 0, 1]);
      await until(() => received.includes(answer), `an answer to pieces of ${size} bytes`);
      socket.destroy();
    }
  });

  test('HTTP/1.1 is told byte by byte and in one piece', async () => {
    const { address } = await front();
    const request = 'GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
    for (const size of [1, 5, request.length]) {
      const socket = dial(address);
      const text = drained(socket);
      for (let at = 0; at < request.length; at += size) {
        socket.write(request.slice(at, at + size));
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.match(await text, /^HTTP\/1\.1 200 OK[\s\S]*hello over HTTP\/1\.1/);
    }
  });

  test('a method that begins like the preface is HTTP/1.1', async () => {
    const { address } = await front();
    const socket = dial(address);
    const text = drained(socket);
    socket.write('PROPFIND /x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    assert.match(await text, /^HTTP\/1\.1 200 OK/);
  });

  test('junk is closed without an answer', async () => {
    const { address } = await front();
    for (const junk of [
      '\x16\x03\x01\x02\x00',
      '{"token":',
      'hello there\r\n',
      '\0',
      'PRI * HTTP/1.0\r\n\r\nxx',
    ]) {
      const socket = dial(address);
      const text = drained(socket);
      socket.write(junk, 'latin1');
      assert.match(await text, /^(HTTP\/1\.1 400 |$)/, JSON.stringify(junk));
    }
  });

  test('a silent connection, and one that stops within the preface, is cut', async () => {
    const { address } = await front({ limits: { silentMs: 80 } });
    for (const bytes of [undefined, preface.subarray(0, 10)]) {
      const socket = dial(address);
      const startedAt = performance.now();
      const text = drained(socket);
      if (bytes !== undefined) socket.write(bytes);
      assert.equal(await text, '');
      assert.ok(performance.now() - startedAt >= 75);
    }
  });

  test('a connection that ends before it has said anything harms nobody', async () => {
    const { address } = await front();
    for (const end of ['end', 'destroy', 'resetAndDestroy'] as const) {
      const socket = dial(address);
      await once(socket, 'connect');
      socket.write('PR');
      const closed = once(socket, 'close');
      socket[end]();
      await closed;
    }
    const client = await rawClient(address);
    assert.equal((await call(client)).head?.headers['grpc-status'], '0');
    client.destroy();
  });
});

test('HTTP/1.1 connections are kept, and upgrades handed over', async () => {
  const { address } = await front({
    onUpgrade: (_request, socket, head) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n');
      socket.write(head);
      socket.pipe(socket);
    },
  });
  const { host, port } = tcp(address);
  const statuses: (number | undefined)[] = [];
  for (let i = 0; i < 3; i += 1) {
    const request = get({ host, port, path: '/health' });
    const [response] = await once(request, 'response');
    statuses.push(response.statusCode);
    response.resume();
    await once(response, 'end');
  }
  assert.deepEqual(statuses, [200, 200, 200]);

  const socket = dial(address);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  socket.write('GET /x HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nfirst ');
  await until(() => text.includes('first'), 'the bytes after the request come back');
  socket.write('second');
  await until(() => text.endsWith('first second'), 'the upgraded connection echoes');
  socket.destroy();
});

test('a refused call is one header block with the marker', async () => {
  const { address } = await front({
    onStream: (stream) => refuse(stream, 14, 'the node ☃ is gone', 'NODE_OFFLINE'),
  });
  const client = await rawClient(address);
  const seen = await call(client, {}, Buffer.alloc(100_000));
  assert.equal(seen.head?.endStream, true);
  assert.equal(seen.head?.headers['grpc-status'], '14');
  assert.equal(seen.head?.headers['grpc-message'], 'the node %E2%98%83 is gone');
  assert.equal(seen.head?.headers['x-postern-error'], 'NODE_OFFLINE');
  client.destroy();
});

test('a throw while a stream is served harms that stream alone', async () => {
  let calls = 0;
  const { address } = await front({
    onStream: (stream) => {
      calls += 1;
      if (calls === 1) throw new Error('a defect');
      refuse(stream, 5, 'fine', 'FINE');
    },
  });
  const client = await rawClient(address);
  assert.equal((await call(client)).head, undefined);
  assert.equal((await call(client)).head?.headers['x-postern-error'], 'FINE');
  client.destroy();
});

describe('draining', () => {
  test('open calls finish, clients are told to go, new connections are refused', async () => {
    target.hold = true;
    const one = await front();
    const client = await rawClient(one.address);
    const open = watch(client.request(requestHeaders(), { endStream: true }));
    await until(() => target.sinks.length === 1, 'the call is open');
    const goaway = once(client, 'goaway');
    const drained = one.drain(5_000);
    const [code] = await goaway;
    assert.equal(code, 0);
    const late = dial(one.address);
    const [error] = await once(late, 'error');
    assert.equal(error.code, 'ECONNREFUSED');
    assert.equal(open.seen.head, undefined);
    target.release();
    assert.equal((await open.closed).head?.headers['grpc-status'], '0');
    await drained;
  });

  test('the wait is bounded', async () => {
    target.hold = true;
    const one = await front();
    const client = await rawClient(one.address);
    const open = watch(client.request(requestHeaders(), { endStream: true }));
    await until(() => target.sinks.length === 1, 'the call is open');
    const startedAt = performance.now();
    await one.drain(60);
    assert.ok(performance.now() - startedAt < 1_000);
    assert.equal((await open.closed).head?.headers['grpc-status'], undefined);
  });

  test('idle HTTP/1.1 connections do not hold it up', async () => {
    const one = await front();
    const socket = dial(one.address);
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(socket, 'data');
    const startedAt = performance.now();
    const closed = once(socket, 'close');
    await one.drain(5_000);
    await closed;
    assert.ok(performance.now() - startedAt < 1_000);
  });
});

describe('binding', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-listen-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const failsWith = (code: string, text: string) => (error: unknown) => {
    assert.ok(error instanceof PosternError, String(error));
    assert.equal(error.code, code);
    assert.ok(error.message.includes(text), error.message);
    assert.ok(error.hint);
    return true;
  };

  test('a port in use is named, and nothing else is left listening', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = addressInfo(taken.address());
    const path = join(folder, 'first.sock');
    await assert.rejects(
      front({ addresses: [`unix:${path}`, `127.0.0.1:${port}`] }),
      failsWith('PORT_IN_USE', `127.0.0.1:${port}`),
    );
    assert.equal(existsSync(path), false);
    taken.close();
  });

  test('addresses that are not of this machine, and folders that are not there, are explained', async () => {
    await assert.rejects(front({ addresses: ['192.0.2.1:0'] }), failsWith('LISTEN_FAILED', '192.0.2.1:0'));
    const path = join(folder, 'no', 'such.sock');
    await assert.rejects(front({ addresses: [`unix:${path}`] }), failsWith('LISTEN_DENIED', path));
  });

  test('a unix socket in use is left alone; one that a killed process left is taken over', async () => {
    const path = join(folder, 'front.sock');
    const child: ChildProcess = spawn(process.execPath, [
      '-e',
      'require("node:net").createServer().listen(process.argv[1], () => console.log("up"))',
      path,
    ]);
    assert.ok(child.stdout);
    await once(child.stdout, 'data');
    await assert.rejects(front({ addresses: [`unix:${path}`] }), failsWith('PORT_IN_USE', path));
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(existsSync(path), true);
    const one = await front({ addresses: [`unix:${path}`] });
    assert.deepEqual(one.addresses, [`unix:${path}`]);
    const socket = connect({ path });
    const text = drained(socket);
    socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    assert.match(await text, /200 OK/);
  });

  test('each of several addresses is known by the name it was given', async () => {
    const names: string[] = [];
    const one = await front({
      addresses: ['127.0.0.1:0', '[::1]:0'],
      onStream: (stream, _headers, _raw, name) => {
        names.push(name);
        refuse(stream, 5, 'x', 'X');
      },
    });
    for (const address of one.addresses) {
      const { port } = tcp(address);
      const client = await rawClient(address.startsWith('[') ? `[::1]:${port}` : address);
      await call(client);
      client.destroy();
    }
    assert.deepEqual(names, ['127.0.0.1:0', '[::1]:0']);
  });
});
