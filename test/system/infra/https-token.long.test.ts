import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { credentials, status } from '@grpc/grpc-js';
import { ProxyClient } from '../../../src/gen/infra/server.js';
import { DaemonProcess, unary } from '../../support/daemon.js';
import { Fleet } from '../../support/fleet.js';
import type { RunningProcess } from '../../support/processes.js';

/** A certificate of 127.0.0.1 that a new authority has signed; gives the paths of all three files. */
function certified(directory: string, name: string): { ca: string; cert: string; key: string } {
  const file = (end: string): string => path.join(directory, `${name}.${end}`);
  const [ca, caKey, cert, key] = [file('ca.crt'), file('ca.key'), file('crt'), file('key')];
  const make = (...args: string[]): unknown =>
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...args], {
      stdio: 'ignore',
    });
  make('-subj', `/CN=authority of ${name}`, '-keyout', caKey, '-out', ca);
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1', '-addext', 'basicConstraints=critical,CA:FALSE'];
  make('-subj', '/CN=127.0.0.1', '-CA', ca, '-CAkey', caKey, ...names, '-keyout', key, '-out', cert);
  return { ca, cert, key };
}

describe('a token server that speaks https', () => {
  let fleet: Fleet;
  let node: DaemonProcess;
  let member: DaemonProcess;
  let proxy: ProxyClient;
  let trusted: RunningProcess;
  let stranger: RunningProcess;
  const earlier = process.env.NODE_EXTRA_CA_CERTS;
  before(async () => {
    fleet = await Fleet.make();
    const [ours, others] = ['ours', 'others'].map((name) => certified(fleet.dir, name));
    assert.ok(ours !== undefined && others !== undefined);
    const serve = (service: string, tls: readonly string[]): Promise<RunningProcess> =>
      fleet.start([
        ...['token-server', '--listen', '127.0.0.1:0', '--data', path.join(fleet.dir, 'token')],
        ...['--service', `rpl@${service}`, '--no-click', ...tls],
      ]);
    const tls = ({ cert, key }: typeof ours): string[] => ['--tls-cert-file', cert, '--tls-key-file', key];
    const early = await serve('127.0.0.1:1', []);
    const accepted = String(early.ready.publicKey);
    await early.stop();
    // what is started from here on trusts our authority, and no other one beside those of the world
    process.env.NODE_EXTRA_CA_CERTS = ours.ca;
    const directory = (name: string): string => path.join(fleet.dir, name);
    [node, member] = await Promise.all([
      DaemonProcess.start(directory('node'), ['--role', 'replication', '--accept-key', accepted]),
      DaemonProcess.start(directory('member')),
      fleet.up(),
    ]);
    trusted = await serve(node.peerAddress, tls(ours));
    stranger = await serve(node.peerAddress, tls(others));
    const extra = ['--daemon', String(member.process.ready.listen), '--infra-listen', '127.0.0.1:0'];
    const agent = await fleet.agent('member', [], extra, 'agent');
    proxy = new ProxyClient(String(agent.ready.infra), credentials.createInsecure());
  });
  after(async () => {
    if (earlier === undefined) delete process.env.NODE_EXTRA_CA_CERTS;
    else process.env.NODE_EXTRA_CA_CERTS = earlier;
    proxy?.close();
    await Promise.all([node?.stop(), member?.stop()]);
    await fleet?.stop();
  });

  const groupName = 'a garden';
  const add = (tokenIp: string): Promise<unknown> =>
    unary(proxy, proxy.addReplication, { groupName, tokenIp });
  const held = async (): Promise<number> => (await node.status()).groups.length;

  test('is asked where its certificate is good, and has the group held', async () => {
    await unary(proxy, proxy.createInvite, { groupName });
    const none = await held();
    await assert.rejects(add(`https://${stranger.ready.listen}`), {
      code: status.UNAVAILABLE,
      details: new RegExp(
        `^no token server answers at https://${stranger.ready.listen}: is one running there`,
      ),
    });
    await assert.rejects(add('https://10.255.255.1:22'), {
      code: status.PERMISSION_DENIED,
      details: /--infra-token-server 10\.255\.255\.1:22/,
    });
    assert.equal(await held(), none);
    await add(`https://${trusted.ready.listen}`);
    assert.equal(await held(), none + 1);
  });
});
