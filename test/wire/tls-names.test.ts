import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { type CertificateAuthority, makeAuthority } from '../../scripts/certs/issue.js';
import { TlsIdentity } from '../../src/wire/tls-identity.js';
import { cleanUp, front } from './front-harness.js';
import { call, log, tcp } from './harness.js';

let folder: string;
let authority: CertificateAuthority;
const identities: TlsIdentity[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-names-'));
  authority = await makeAuthority('test authority');
});
after(() => rm(folder, { recursive: true }));
afterEach(async () => {
  await cleanUp();
  for (const identity of identities.splice(0)) identity.stop();
});

async function write(name: string, names: readonly string[]): Promise<{ cert: string; key: string }> {
  const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  const made = await authority.issue(names);
  for (const part of ['cert', 'key'] as const) {
    await writeFile(`${files[part]}.new`, made[part]);
    await rename(`${files[part]}.new`, files[part]);
  }
  return files;
}

/** An identity of three certificates: the first, one made for two names, one given to the names below a domain. */
async function three(): Promise<TlsIdentity> {
  const identity = await TlsIdentity.load(
    {
      ...(await write('first', ['first.test', '127.0.0.1'])),
      more: [
        await write('second', ['second.test', 'also.second.test']),
        { ...(await write('third', ['third.test'])), hosts: ['*.below.test', 'BÜCHER.test.'] },
      ],
    },
    log,
  );
  identities.push(identity);
  return identity;
}

function secure(address: string, servername: string | undefined, alpn: string[] = ['h2']): TLSSocket {
  const socket = connect({
    ...tcp(address),
    ca: authority.cert,
    ALPNProtocols: alpn,
    checkServerIdentity: () => undefined,
    ...(servername === undefined ? {} : { servername }),
  });
  socket.on('error', () => {});
  return socket;
}

/** The name that the certificate bears which a client is shown that asks for this one. */
async function shown(address: string, servername: string | undefined): Promise<string> {
  const socket = secure(address, servername);
  await once(socket, 'secureConnect');
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
}

async function client(address: string, servername: string | undefined): Promise<ClientHttp2Session> {
  const session = connectHttp2(`https://${address}`, { createConnection: () => secure(address, servername) });
  session.on('error', () => {});
  await once(session, 'remoteSettings');
  return session;
}

test('each host name is shown its own certificate, and any other the first', async () => {
  const { address } = await front({ tls: await three() });
  const rows: [string | undefined, string][] = [
    ['first.test', 'first.test'],
    ['second.test', 'second.test'],
    ['also.second.test', 'second.test'],
    ['SECOND.Test', 'second.test'],
    ['x.below.test', 'third.test'],
    ['x.y.below.test', 'first.test'],
    ['below.test', 'first.test'],
    ['third.test', 'first.test'],
    ['xn--bcher-kva.test', 'third.test'],
    ['unknown.test', 'first.test'],
    [undefined, 'first.test'],
  ];
  for (const [asked, expected] of rows) assert.equal(await shown(address, asked), expected, asked);
});

test('a host that has a certificate of its own is not reached behind the name of another', async () => {
  const { address } = await front({ tls: await three() });
  const rows: [string | undefined, string, 'served' | 'misdirected'][] = [
    ['first.test', 'first.test', 'served'],
    ['second.test', 'Second.TEST.:443', 'served'],
    ['second.test', 'also.second.test', 'served'],
    ['x.below.test', 'y.below.test:8443', 'served'],
    ['first.test', 'unknown.test', 'served'],
    ['second.test', 'localhost:9090', 'served'],
    [undefined, 'first.test', 'served'],
    ['first.test', 'second.test', 'misdirected'],
    ['first.test', 'SECOND.test.', 'misdirected'],
    ['second.test', 'first.test:443', 'misdirected'],
    ['unknown.test', 'second.test', 'misdirected'],
    [undefined, 'second.test', 'misdirected'],
    ['second.test', 'x.below.test', 'misdirected'],
    ['second.test', '127.0.0.1', 'misdirected'],
  ];
  for (const [asked, host, expected] of rows) {
    const session = await client(address, asked);
    const { head } = await call(session, { ':authority': host });
    const what = `${asked} and ${host}`;
    assert.equal(head?.headers[':status'], expected === 'served' ? 200 : 421, what);
    session.destroy();
    const request = get({
      ...tcp(address),
      agent: false,
      ca: authority.cert,
      checkServerIdentity: () => undefined,
      // Else it would ask for the host of the header.
      servername: asked ?? '',
      headers: { host },
    });
    const [response] = await once(request, 'response');
    assert.equal(response.statusCode, expected === 'served' ? 200 : 421, `HTTP/1.1: ${what}`);
    response.resume();
    request.destroy();
  }
});

test('an upgrade for another host is answered 421', async () => {
  let upgrades = 0;
  const { address } = await front({
    tls: await three(),
    onUpgrade: (_request, socket) => {
      upgrades += 1;
      socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    },
  });
  const answer = async (host: string) => {
    const socket = secure(address, 'first.test', ['http/1.1']);
    socket.write(`GET /ws HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    await once(socket, 'close');
    return text.split('\r\n', 1)[0];
  };
  assert.equal(await answer('second.test'), 'HTTP/1.1 421 Misdirected Request');
  assert.equal(upgrades, 0);
  assert.equal(await answer('first.test'), 'HTTP/1.1 101 Switching Protocols');
});

test('each certificate is read anew by itself, and a list that cannot be used changes nothing', async () => {
  const identity = await three();
  const { address } = await front({ tls: identity });
  const serial = async (name: string) => {
    const socket = secure(address, name);
    await once(socket, 'secureConnect');
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  };
  const [first, second] = [await serial('first.test'), await serial('second.test')];
  await write('second', ['second.test', 'new.second.test']);
  await identity.reload();
  assert.notEqual(await serial('second.test'), second);
  assert.equal(await shown(address, 'new.second.test'), 'second.test');
  assert.equal(await serial('first.test'), first);

  await writeFile(join(folder, 'second.crt'), 'nonsense');
  await identity.reload();
  assert.equal(await shown(address, 'second.test'), 'second.test', 'the old one goes on');

  const other = await write('fourth', ['fourth.test']);
  const list = { ...(await write('first', ['first.test'])), more: [other] };
  await assert.rejects(identity.replace({ ...list, more: [other, { cert: other.cert, key: 'none.key' }] }), {
    code: 'TLS_FILE_UNREADABLE',
  });
  assert.equal(await shown(address, 'fourth.test'), 'first.test');
  await identity.replace(list);
  assert.equal(await shown(address, 'fourth.test'), 'fourth.test');
  assert.equal(await shown(address, 'second.test'), 'first.test');
  assert.notEqual(await serial('first.test'), first);
});

test('a further certificate has to name a host', async () => {
  const files = await write('nameless', []);
  const first = await write('first', ['first.test']);
  await assert.rejects(TlsIdentity.load({ ...first, more: [files] }, log), { code: 'TLS_FILE_INVALID' });
});
