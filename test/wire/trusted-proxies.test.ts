import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { clientAddress, clientOf } from '../../src/wire/client.js';
import type { FrontOptions } from '../../src/wire/listener.js';
import { refuse } from '../../src/wire/refuse.js';
import type { TlsIdentity } from '../../src/wire/tls-identity.js';
import { cleanUp, dial, drained, front } from './front-harness.js';
import { call, rawClient, tcp } from './harness.js';
import { ends4, ends6, namedClient, tlsField, version1, version2 } from './proxy-headers.js';
import { secure, testIdentity } from './tls-stage.js';

let identity: TlsIdentity;
before(async () => {
  identity = await testIdentity();
});
after(() => identity.stop());
afterEach(cleanUp);

/** Tells every client who it is taken for. */
async function telling(options: Partial<FrontOptions>): Promise<string> {
  const { address } = await front({
    onHttp1: (request, response) => response.end(`client ${clientAddress(request)}\n`),
    onStream: (stream, headers) => {
      const who = clientOf(stream.session).addressIn(headers) ?? 'nobody';
      refuse(stream, 5, who, 'FINE');
    },
    ...options,
  });
  return address;
}

const request = 'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';

/** What a connection that begins with these bytes and goes on with a request is answered. */
async function asked(address: string, begin: Buffer | string): Promise<string> {
  const socket = dial(address);
  socket.write(begin);
  socket.write(request);
  return drained(socket);
}

describe('who is not trusted', () => {
  test('may not speak for anybody: its preamble ends the connection', async () => {
    for (const trustedProxies of [[], ['10.0.0.0/8', 'unix', '::1']]) {
      const address = await telling({ trustedProxies });
      for (const begin of [version1(), version2(ends4()), version2(Buffer.alloc(0), { command: 0x20 })]) {
        assert.equal(await asked(address, begin), '');
      }
      assert.match(await asked(address, ''), /client 127\.0\.0\.1/);
    }
  });

  test('is not asked what it says in its headers', async () => {
    const address = await telling({});
    const [response]: IncomingMessage[] = await once(
      get({ ...tcp(address), headers: { 'x-forwarded-for': '192.0.2.1', forwarded: '"' } }),
      'response',
    );
    assert.equal(response?.statusCode, 200);
    assert.match(String(await response?.setEncoding('utf8').toArray()), /client 127\.0\.0\.1/);
  });

  test('is still not trusted where a proxy speaks for it', async () => {
    const address = await telling({ trustedProxies: ['127.0.0.1'] });
    const forged = request.replace('\r\n\r\n', '\r\nx-forwarded-for: 192.0.2.1\r\n\r\n');
    const socket = dial(address);
    socket.write(Buffer.concat([version1(), Buffer.from(forged)]));
    assert.match(await drained(socket), new RegExp(`client ${namedClient}`));
  });
});

describe('a trusted proxy', () => {
  test('names the client in its preamble, or in a header', async () => {
    const address = await telling({ trustedProxies: ['127.0.0.0/8'] });
    const table: readonly (readonly [Buffer | string, string])[] = [
      ['', '127.0.0.1'],
      [version1(), namedClient],
      [Buffer.from('PROXY UNKNOWN\r\n'), '127.0.0.1'],
      [version2(ends6, { family: 0x21 }), '2001:db8::7'],
      [version2(Buffer.alloc(216), { family: 0x31 }), 'unix'],
      [version2(Buffer.alloc(0), { command: 0x20, family: 0 }), '127.0.0.1'],
    ];
    for (const [begin, client] of table)
      assert.ok((await asked(address, begin)).endsWith(`client ${client}\n`), client);
    const named = request.replace('\r\n\r\n', '\r\nx-forwarded-for: 9.9.9.9, 192.0.2.1\r\n\r\n');
    const socket = dial(address);
    socket.write(named);
    assert.match(await drained(socket), /client 192\.0\.2\.1\n/);
    const client = await rawClient(address);
    const { head } = await call(client, { forwarded: 'for=9.9.9.9, for=192.0.2.1' });
    assert.equal(head?.headers['grpc-message'], '192.0.2.1');
    client.destroy();
  });

  test('that names two clients in one request is refused', async () => {
    const address = await telling({ trustedProxies: ['127.0.0.1'] });
    const two = { 'x-forwarded-for': '192.0.2.1', forwarded: 'for=192.0.2.2' };
    const [response]: IncomingMessage[] = await once(get({ ...tcp(address), headers: two }), 'response');
    assert.equal(response?.statusCode, 400);
    assert.match(String(await response?.setEncoding('utf8').toArray()), /do not name one client/);
    const client = await rawClient(address);
    assert.equal((await call(client, two)).head?.headers[':status'], 400);
    client.destroy();
  });

  test('may come over a unix socket, where all are the same otherwise', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-proxies-'));
    const path = join(folder, 'front.sock');
    await telling({ addresses: [`unix:${path}`], trustedProxies: ['unix'] });
    for (const [begin, client] of [
      ['', 'unix'],
      [version1(), namedClient],
    ] as const) {
      const socket = connect({ path });
      socket.on('error', () => {});
      socket.write(begin);
      socket.write(request);
      assert.ok((await drained(socket)).endsWith(`client ${client}\n`));
    }
    await rm(folder, { recursive: true });
  });

  test('speaks TLS behind its preamble, or passes on its client that does', async () => {
    const address = await telling({ tls: identity, trustedProxies: ['127.0.0.1'] });
    const carrier = dial(address);
    carrier.write(version1());
    const socket = await secure({ socket: carrier, ALPNProtocols: ['http/1.1'] });
    const answer = drained(socket);
    socket.write(request);
    assert.match(await answer, new RegExp(`client ${namedClient}`));
  });

  test('on this machine may speak without TLS for clients that are here, or speak TLS with it', async () => {
    const address = await telling({ tls: identity, trustedProxies: ['127.0.0.1'] });
    const served = /^HTTP\/1\.1 200 /;
    const refused = /^HTTP\/1\.1 400 [\s\S]*use https/;
    const table: readonly (readonly [string, Buffer | string, RegExp])[] = [
      ['of its own', '', served],
      ['LOCAL', version2(Buffer.alloc(0), { command: 0x20, family: 0 }), served],
      ['for a client here', version1('127.0.0.1'), served],
      ['for a client over a unix socket', version2(Buffer.alloc(216), { family: 0x31 }), served],
      ['for a client elsewhere that speaks TLS', version2(Buffer.concat([ends4(), tlsField(1)])), served],
      ['for a client elsewhere', version1(), refused],
      ['for a client elsewhere that speaks no TLS', version2(Buffer.concat([ends4(), tlsField(0)])), refused],
    ];
    for (const [what, begin, answer] of table) assert.match(await asked(address, begin), answer, what);
  });
});
