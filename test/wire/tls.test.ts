import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { get } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { after, afterEach, before, test } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { type CertificateAuthority, makeAuthority } from '../../scripts/certs/issue.js';
import { PosternError } from '../../src/errors.js';
import { peerOf, TrustedProxies } from '../../src/wire/client.js';
import { duplexPair } from '../../src/wire/in-process.js';
import { TlsIdentity } from '../../src/wire/tls-identity.js';
import { cleanUp, dial, drained, front, target } from './front-harness.js';
import { call, log, rawClient, requestHeaders, tcp, until, watch } from './harness.js';

let folder: string;
let authority: CertificateAuthority;
const identities: TlsIdentity[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-tls-'));
  authority = await makeAuthority('test authority');
});
after(() => rm(folder, { recursive: true }));
afterEach(async () => {
  await cleanUp();
  for (const identity of identities.splice(0)) identity.stop();
});

/** Writes a new certificate for these names, the way that tools replace one: whole files, renamed. */
async function writeCertificate(
  name: string,
  names: readonly string[],
): Promise<{ cert: string; key: string }> {
  const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  const made = await authority.issue(names);
  for (const part of ['cert', 'key'] as const) {
    await writeFile(`${files[part]}.new`, made[part]);
    await rename(`${files[part]}.new`, files[part]);
  }
  return files;
}

async function identity(name: string, clientCa?: string): Promise<TlsIdentity> {
  const files = await writeCertificate(name, ['localhost', '127.0.0.1']);
  const loaded = await TlsIdentity.load({ ...files, ...(clientCa === undefined ? {} : { clientCa }) }, log);
  identities.push(loaded);
  return loaded;
}

/** The same connection, with every byte that is written a packet of its own. */
function slowly(carrier: Socket): Duplex {
  carrier.setNoDelay(true);
  const [near, far] = duplexPair();
  carrier.pipe(far);
  far.on('data', (chunk: Buffer) => {
    for (const byte of chunk) carrier.write(Buffer.from([byte]));
  });
  return near;
}

function secure(address: string, options: ConnectionOptions = {}): TLSSocket {
  const socket = connect({ ...tcp(address), ca: authority.cert, servername: 'localhost', ...options });
  socket.on('error', () => {});
  return socket;
}

async function secureClient(address: string): Promise<ClientHttp2Session> {
  const client = connectHttp2(`https://${address}`, {
    createConnection: () => secure(address, { ALPNProtocols: ['h2'] }),
  });
  client.on('error', () => {});
  await once(client, 'remoteSettings');
  return client;
}

test('one address serves HTTP/2 and HTTP/1.1 over TLS, and both without TLS to this machine', async () => {
  const { address } = await front({ tls: await identity('one') });
  const overTls = await secureClient(address);
  assert.equal((await call(overTls)).head?.headers['grpc-status'], '0');
  overTls.destroy();
  const plain = await rawClient(address);
  assert.equal((await call(plain)).head?.headers['grpc-status'], '0');
  plain.destroy();
  const { host, port } = tcp(address);
  const [response] = await once(get({ host, port, ca: authority.cert, servername: 'localhost' }), 'response');
  response.setEncoding('utf8');
  assert.equal((await once(response, 'data'))[0], 'hello over HTTP/1.1\n');
});

test('the handshake may come byte by byte, or with the request right behind it', async () => {
  const { address } = await front({ tls: await identity('bytes') });
  const carrier = dial(address);
  const socket = connect({
    socket: slowly(carrier),
    ca: authority.cert,
    servername: 'localhost',
    ALPNProtocols: ['http/1.1'],
  });
  socket.on('error', () => {});
  // Written before the handshake is over: it leaves with the last flight.
  socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await until(() => text.includes('hello over HTTP/1.1'), 'the answer comes');
  socket.destroy();
  carrier.destroy();
});

test('who is on this machine is told by the address', () => {
  const isHere = (remoteAddress: string, localAddress = '127.0.0.1') =>
    peerOf({ remoteAddress, localAddress }, new TrustedProxies([]))?.mayBePlain;
  for (const near of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
    assert.equal(isHere(near), true, near);
  assert.equal(isHere('192.0.2.1', '192.0.2.1'), true);
  assert.equal(isHere('::ffff:192.0.2.1', '::ffff:192.0.2.1'), true);
  for (const far of ['192.0.2.1', '::ffff:192.0.2.1', '2001:db8::1']) assert.equal(isHere(far), false, far);
  assert.equal(peerOf({}, new TrustedProxies([])), undefined);
});

test('without TLS another machine is told to use it, and gets nothing', async () => {
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
  // A machine with nothing but loopback has no other machine either.
  if (outside === undefined) return;
  const { address } = await front({ tls: await identity('guard') });
  const strange = (): Socket => {
    const socket = connectTcp({ ...tcp(address), localAddress: outside });
    socket.on('error', () => {});
    return socket;
  };
  const http1 = strange();
  http1.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  const answer = await drained(http1);
  assert.match(answer, /^HTTP\/1.1 400 /);
  assert.match(answer, /use https/);
  const http2 = strange();
  http2.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  assert.doesNotMatch(await drained(http2), /^\0\0/, 'HTTP/2 was served');
});

test('HTTP/2 without ALPN, TLS 1.1 and a client that says nothing get no service', async () => {
  const { address } = await front({ tls: await identity('strict'), limits: { silentMs: 1_500 } });
  const noAlpn = secure(address);
  await once(noAlpn, 'secureConnect');
  noAlpn.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  assert.match(await drained(noAlpn), /^(HTTP\/1\.1 400 [^\0]*)?$/);
  const old = secure(address, {
    minVersion: 'TLSv1.1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  let shaken = false;
  old.once('secureConnect', () => {
    shaken = true;
  });
  await drained(old);
  assert.equal(shaken, false);
  const silent = secure(address);
  await once(silent, 'secureConnect');
  assert.equal(await drained(silent), '');
});

test('a client cannot shake hands anew on a connection', async () => {
  const { address } = await front({ tls: await identity('again') });
  const client = secure(address, { maxVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] });
  await once(client, 'secureConnect');
  const shaken = new Promise<string>((resolve) => {
    client.once('error', (error) => resolve(error.message));
    client.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error?.message ?? 'it was done'));
  });
  assert.match(await shaken, /no renegotiation/i);
  client.destroy();
});

test('a handshake that stops in the middle harms nobody', async () => {
  const { address } = await front({ tls: await identity('half') });
  const half = dial(address);
  half.write(Buffer.from('160301010001', 'hex'));
  const garbage = dial(address);
  garbage.write(Buffer.concat([Buffer.from('1603010005', 'hex'), Buffer.from('hello')]));
  await drained(garbage);
  const client = await secureClient(address);
  assert.equal((await call(client)).head?.headers['grpc-status'], '0');
  client.destroy();
  half.destroy();
});

test('a certificate that is replaced is used for new connections, and open calls go on', async () => {
  const loaded = await identity('reload');
  const { address } = await front({ tls: loaded });
  const before = await secureClient(address);
  target.hold = true;
  const { closed } = watch(before.request(requestHeaders(), { endStream: true }));
  await until(() => target.sinks.length === 1, 'the call is open');
  await writeCertificate('reload', ['localhost', 'renewed.example']);
  await loaded.reload();
  const fresh = secure(address, { ALPNProtocols: ['h2'] });
  await once(fresh, 'secureConnect');
  assert.match(fresh.getPeerCertificate().subjectaltname ?? '', /renewed\.example/);
  fresh.destroy();
  target.release();
  assert.equal((await closed).head?.headers['grpc-status'], '0');
  before.destroy();
});

test('a certificate that is replaced by something unusable is not taken', async () => {
  const loaded = await identity('broken');
  const { address } = await front({ tls: loaded });
  await writeFile(join(folder, 'broken.crt'), 'no certificate');
  await loaded.reload();
  const client = await secureClient(address);
  assert.equal((await call(client)).head?.headers['grpc-status'], '0');
  client.destroy();
});

test('with an issuer of clients, only those with its certificate are served', async () => {
  const ca = join(folder, 'clients.pem');
  await writeFile(ca, authority.cert);
  const { address } = await front({ tls: await identity('mutual', ca) });
  const nobody = secure(address, { ALPNProtocols: ['http/1.1'] });
  nobody.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  assert.equal(await drained(nobody), '');
  const stranger = await (await makeAuthority('somebody else')).issue(['client']);
  const strange = secure(address, { ALPNProtocols: ['http/1.1'], ...stranger });
  strange.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  assert.equal(await drained(strange), '');
  const known = secure(address, { ALPNProtocols: ['http/1.1'], ...(await authority.issue(['client'])) });
  known.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  assert.match(await drained(known), /hello/);
});

test('files that are missing or do not go together are refused with their names', async () => {
  const one = await writeCertificate('a', ['localhost']);
  const other = await writeCertificate('b', ['localhost']);
  await assert.rejects(TlsIdentity.load({ cert: one.cert, key: other.key }, log), (thrown) => {
    assert.ok(thrown instanceof PosternError);
    assert.equal(thrown.code, 'TLS_FILE_INVALID');
    assert.match(thrown.message, /a\.crt.*b\.key.*does not belong/);
    return true;
  });
  await assert.rejects(TlsIdentity.load({ cert: join(folder, 'none.crt'), key: one.key }, log), {
    code: 'TLS_FILE_UNREADABLE',
    message: /none\.crt/,
  });
});
