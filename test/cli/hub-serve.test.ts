import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { type CertificateAuthority, makeAuthority } from '../../scripts/certs/issue.js';
import { parseAddress } from '../../src/wire/address.js';
import { Fleet } from '../support/fleet.js';
import { natsServer } from '../support/nats.js';
import { compiledRoot, eventually, type RunningProcess } from '../support/processes.js';
import { postern } from './postern.js';

let fleet: Fleet;
let hub: RunningProcess;
let authority: CertificateAuthority;
let files: { cert: string; key: string };
/** Where it listens, for HTTP and for gRPC. */
let addresses: string[] = [];

/** Makes a certificate for these names, the way that tools replace one. */
async function renew(names: readonly string[]): Promise<void> {
  const made = await authority.issue(names);
  for (const part of ['cert', 'key'] as const) {
    await writeFile(`${files[part]}.new`, made[part]);
    await rename(`${files[part]}.new`, files[part]);
  }
}

before(async () => {
  fleet = await Fleet.make();
  authority = await makeAuthority('test authority');
  files = { cert: path.join(fleet.dir, 'hub.crt'), key: path.join(fleet.dir, 'hub.key') };
  await renew(['localhost']);
  hub = await fleet.start(['hub', 'serve', '--metrics', 'off', '--trusted-proxy', '127.0.0.1'], {
    env: {
      POSTERN_DIST: compiledRoot,
      POSTERN_NATS_SERVER: (await natsServer()).path,
      HTTP_LISTEN_ADDR: '127.0.0.1:0',
      GRPC_LISTEN_ADDR: '[::1]:0',
      TLS: 'true',
      TLS_CERT_FILE: files.cert,
      TLS_KEY_FILE: files.key,
      POSTERN_MAX_CONNECTIONS_PER_ADDRESS: '40',
    },
  });
  addresses = Array.isArray(hub.ready.listen) ? hub.ready.listen.map(String) : [];
});
after(() => fleet.stop());

function tcp(address: string): { host: string; port: number } {
  const parsed = parseAddress(address);
  assert.ok('port' in parsed);
  return parsed;
}

async function secured(address: string, alpn: string): Promise<TLSSocket> {
  const options = { ca: authority.cert, servername: 'localhost', ALPNProtocols: [alpn] };
  const socket = connectTls({ ...tcp(address), ...options });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

/** One request over HTTP/1.1 without TLS, as a proxy on this machine may send it; resolves to all that comes back. */
async function asked(text: string): Promise<string> {
  const [address = ''] = addresses;
  const socket = connect(tcp(address));
  socket.on('error', () => {});
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

test('the variables of the original make a hub that speaks TLS at two addresses', async () => {
  assert.match(addresses[0] ?? '', /^127\.0\.0\.1:\d+$/);
  assert.match(addresses[1] ?? '', /^\[::1\]:\d+$/);
  for (const address of addresses) {
    const socket = await secured(address, 'http/1.1');
    socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    assert.match(String(await once(socket, 'data')), /^HTTP\/1\.1 200 /);
    socket.destroy();
  }
});

test('a hang-up signal reads the certificate anew at once, and open connections go on', async () => {
  const [, address = ''] = addresses;
  const open = await secured(address, 'h2');
  const client = connectHttp2('https://localhost', { createConnection: () => open });
  await once(client, 'remoteSettings');
  await renew(['localhost', 'renewed.example']);
  const startedAt = performance.now();
  hub.signal('SIGHUP');
  await eventually(
    'the new certificate is shown',
    async () => {
      const socket = await secured(address, 'h2');
      const names = socket.getPeerCertificate().subjectaltname ?? '';
      socket.destroy();
      return names.includes('renewed.example');
    },
    { timeoutMs: 4_000 },
  );
  assert.ok(performance.now() - startedAt < 4_000, 'it was the watch over the files');
  const stream = client.request({ ':path': '/grpc.health.v1.Health/Check', ':method': 'POST' });
  const [headers] = await once(stream, 'response');
  assert.equal(headers[':status'], 415);
  client.destroy();
});

test('failed attempts count for whom a trusted proxy names', async () => {
  const attempt = (header: string): Promise<string> =>
    asked(
      `POST /v1/enrol HTTP/1.1\r\nhost: x\r\nx-forwarded-for: ${header}\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}`,
    );
  let tries = 0;
  while (!(await attempt('9.9.9.9, 192.0.2.1')).startsWith('HTTP/1.1 429 ')) {
    tries += 1;
    assert.ok(tries < 60, 'nobody was slowed down');
  }
  assert.match(await attempt('192.0.2.1, 192.0.2.2'), /^HTTP\/1\.1 400 /, 'another client was slowed down');
  const named = 'PROXY TCP4 192.0.2.1 192.0.2.9 1 2\r\n';
  const request = 'GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
  assert.match(await asked(`${named}${request}`), /use https/);
  assert.match(await asked(`PROXY UNKNOWN\r\n${request}`), /^HTTP\/1\.1 200 /);
});

test('a client that a proxy names has no more connections than it was told', async () => {
  const [address = ''] = addresses;
  const sockets = Array.from({ length: 41 }, () => {
    const socket = connect(tcp(address));
    socket.on('error', () => {});
    socket.write('PROXY TCP4 192.0.2.7 192.0.2.9 1 2\r\n');
    return socket;
  });
  await Promise.race(sockets.map((socket) => once(socket, 'close')));
  assert.equal(sockets.filter((socket) => socket.closed).length, 1);
  for (const socket of sockets) socket.destroy();
});

test('options stand behind both words, and what is wrong with them is told', async () => {
  const swallowed = await postern(['hub', '--data', fleet.dir, 'serve']);
  assert.equal(swallowed.code, 2);
  assert.match(swallowed.stderr, /options of 'hub serve' stand behind these words/);
  const wrong = await postern(
    ['hub', 'serve', '--max-connections-per-address', 'many', '--trusted-proxy', '10.0.0.0/99'],
    { env: { HTTP_LISTEN_ADDR: 'x', TLS: 'perhaps' } },
  );
  assert.equal(wrong.code, 2);
  for (const told of [
    /--max-connections-per-address: 'many' is no count/,
    /--trusted-proxy: /,
    /HTTP_LISTEN_ADDR: .*'x'/,
    /TLS: 'perhaps' is not true or false/,
  ]) {
    assert.match(wrong.stderr, told);
  }
});
