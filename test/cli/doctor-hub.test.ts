import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { type CertificateAuthority, makeAuthority } from '../../scripts/certs/issue.js';
import { Fleet } from '../support/fleet.js';
import { eventually, type RunningProcess } from '../support/processes.js';
import { callerTokenText } from './caller-token.js';
import { doctor, follow } from './doctor-run.js';

let folder: string;
let fleet: Fleet;
let hub: RunningProcess;
/** The hub's only address. */
let address: string;
let authority: CertificateAuthority;

const inFolder = (name: string): string => path.join(folder, name);

/** Writes another certificate for the hub; resolves to its fingerprint. */
async function certify(names: readonly string[], days?: number): Promise<string> {
  const { cert, key } = await authority.issue(names, days);
  await writeFile(inFolder('hub.key'), key);
  await writeFile(inFolder('hub.crt'), cert);
  return new X509Certificate(cert).fingerprint256;
}

/** Waits until the hub shows a certificate. */
function shows(fingerprint: string): Promise<boolean> {
  return eventually('the hub has read its certificate anew', async () => {
    const [host, port] = address.split(':');
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false });
    try {
      await once(socket, 'secureConnect');
      return socket.getPeerCertificate().fingerprint256 === fingerprint;
    } finally {
      socket.destroy();
    }
  });
}

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'postern-doctor-hub-'));
  fleet = await Fleet.make();
  authority = await makeAuthority('doctor');
  await writeFile(inFolder('ca.pem'), authority.cert);
  await certify(['localhost']);
  const tls = ['--tls-cert-file', inFolder('hub.crt'), '--tls-key-file', inFolder('hub.key')];
  hub = await fleet.up(tls);
  address = await fleet.hubAddress();
});
after(async () => {
  await fleet.stop();
  await rm(folder, { recursive: true, force: true });
});

/** `postern doctor` on the machine of the hub. */
function look(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  return doctor(args, { XDG_CONFIG_HOME: folder, ...fleet.env, ...env });
}

/** `postern doctor` of somebody who calls the hub by this name over TLS. */
function lookFar(args: readonly string[] = ['--hub-ca', inFolder('ca.pem')], name = 'localhost') {
  return look(['--hub', `https://${name}:${address.split(':')[1]}`, ...args]);
}

test('a hub that is well, near and far, has nothing to mend', async () => {
  for (const found of [await look(), await lookFar()]) {
    assert.deepEqual(found.failed, []);
    for (const check of ['hub address', 'hub health', 'clock', 'token', 'nodes', 'leftovers']) {
      assert.equal(found.of(check).outcome, 'ok', check);
    }
  }
  assert.match((await lookFar()).of('hub certificate').says, /^for localhost, good for 29 days$/);
});

test('a certificate is told that nobody trusts, that is for others, has ended, or is about to; a new one mends it', async () => {
  const stranger = (await lookFar([])).of('hub certificate');
  assert.match(stranger.says, /is not trusted: (UNABLE_TO_|SELF_SIGNED|DEPTH_)/);
  assert.match(stranger.mend ?? '', /--hub-ca FILE/);
  const insecure = await lookFar(['--hub-insecure']);
  assert.deepEqual([insecure.of('hub certificate').outcome, insecure.failed], ['warn', []]);

  const misnamed = (await lookFar(undefined, '127.0.0.1')).of('hub certificate');
  assert.match(misnamed.says, /^the certificate is not for 127\.0\.0\.1, but for DNS:localhost$/);

  const changed = async (names: readonly string[], days: number) => {
    await shows(await certify(names, days));
    return (await lookFar()).of('hub certificate');
  };
  // Its life ended before it began, a minute ago.
  const expired = await changed(['localhost'], -1);
  assert.deepEqual([expired.outcome, /has expired/.test(expired.says)], ['fail', true], expired.says);
  assert.match(expired.mend ?? '', /--tls-cert-file and --tls-key-file: it reads them anew/);
  const brief = await changed(['localhost'], 5);
  assert.deepEqual([brief.outcome, brief.says], ['warn', 'for localhost, good for 4 days']);
});

test('a token that the hub does not know, or none, is told', async () => {
  const unknown = callerTokenText({ jti: 'nobody', sub: 'me', exp: 4_102_444_800 });
  const wrong = await look(['--token', unknown]);
  assert.deepEqual(wrong.failed, ['token']);
  assert.match(wrong.of('token').says, /^the hub refuses it \(id nobody, for me, .*UNAUTHENTICATED/);
  assert.ok(!wrong.output.includes(unknown));
  const none = await doctor(['--hub', address], {
    XDG_CONFIG_HOME: folder,
    POSTERN_DATA: inFolder('none'),
  });
  assert.deepEqual(none.failed, ['token']);
  assert.match(none.of('token').says, /there is no token/);
  const made = await fleet.callerToken('short', ['--ttl', '1h']);
  assert.equal((await look(['--token', made])).of('token').outcome, 'warn');
});

test('clocks that are more than a minute apart are told', async () => {
  const shifted = async (seconds: number): Promise<NodeJS.ProcessEnv> => {
    const file = inFolder(`clock${seconds}.cjs`);
    await writeFile(file, `const now = Date.now; Date.now = () => now() + ${seconds * 1000};\n`);
    return { NODE_OPTIONS: `--require ${file}` };
  };
  const ahead = (await look([], await shifted(75))).of('clock');
  assert.match(ahead.says, /^this clock is 7\d s ahead of the hub's, more than 60 s$/);
  assert.equal(ahead.outcome, 'fail');
  const behind = (await look([], await shifted(-75))).of('clock');
  assert.match(behind.says, /^this clock is 7\d s behind the hub's, more than 60 s$/);
  assert.equal((await look([], await shifted(30))).of('clock').outcome, 'warn');
});

test('a node that is lost is a warning', async () => {
  const server = await fleet.interopServer();
  const agent = await fleet.agent('cellar', [server.address]);
  await eventually('the node is there', async () => (await fleet.stateOf('cellar')).startsWith('connected'));
  assert.equal((await look()).of('nodes').says, '1, none is lost');
  await agent.stop('SIGKILL');
  await eventually('the node is missed', async () => /suspect|lost/.test(await fleet.stateOf('cellar')));
  const away = (await look()).of('nodes');
  assert.equal(away.outcome, 'warn');
  assert.match(away.says, /^of 1: cellar is (suspect|lost)$/);
  assert.match(away.mend ?? '', /`postern inspect cellar`/);
});

test('a hub that stands still, another program in its place, and no hub are told; following what is said mends it', async () => {
  hub.signal('SIGSTOP');
  const still = await look();
  assert.deepEqual(still.failed, ['hub health']);
  assert.match(still.of('hub health').says, /does not answer within 4 s/);
  await follow(still.of('hub health'));
  assert.deepEqual((await look()).failed, []);

  const other = createServer((socket) => {
    socket.on('error', () => {}).resume();
    socket.end('220 mail.example\r\n');
  });
  const port = await new Promise<number>((resolve) => {
    other.listen({ host: '127.0.0.1', port: 0 }, () => {
      const bound = other.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : 0);
    });
  });
  const wrong = await look(['--hub', `127.0.0.1:${port}`]);
  assert.deepEqual(wrong.failed, ['hub health']);
  assert.equal((await look(['--hub', `https://127.0.0.1:${port}`])).of('hub certificate').outcome, 'fail');
  await new Promise((resolve) => other.close(resolve));

  await hub.stop('SIGKILL');
  const killed = await look();
  assert.deepEqual(killed.failed, ['hub address']);
  assert.match(killed.of('leftovers').says, /a nats-server runs \(process \d+\) whose hub has ended/);
  // Its first word is to start the hub again.
  assert.match(killed.of('leftovers').mend ?? '', /^`postern up` stops it/);
  hub = await fleet.up();
  const again = await look();
  assert.deepEqual([again.failed, again.of('leftovers').outcome], [[], 'ok']);
});
