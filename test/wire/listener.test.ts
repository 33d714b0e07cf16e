import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { PosternError } from '../../src/errors.js';
import { refuse } from '../../src/wire/refuse.js';
import { cleanUp, dial, drained, front, target } from './front-harness.js';
import { addressInfo, call, rawClient, requestHeaders, tcp, until, watch } from './harness.js';

afterEach(cleanUp);

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
    assert.ok(performance.now() - startedAt < 10_000);
    assert.equal((await open.closed).head?.headers['grpc-status'], undefined);
  });

  test('idle HTTP/1.1 connections do not hold it up', async () => {
    const one = await front();
    const socket = dial(one.address);
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(socket, 'data');
    const startedAt = performance.now();
    const closed = once(socket, 'close');
    await one.drain(60_000);
    await closed;
    assert.ok(performance.now() - startedAt < 20_000);
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
