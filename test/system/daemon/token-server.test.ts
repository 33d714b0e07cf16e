import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BertyAdapter } from '../../../src/agent/adapters/berty/berty-adapter.js';
import { GroupReplication } from '../../../src/agent/infra/replication.js';
import { loadOrCreateServiceKey } from '../../../src/auth/service-key.js';
import { DaemonProcess } from '../../support/daemon.js';
import { testLog } from '../../support/nats.js';
import { checkoutRoot, eventually, type RunningProcess, run, startReady } from '../../support/processes.js';
import { WatchedRelay } from './watched-relay.js';

const postern = path.join(checkoutRoot, 'bin/postern');
const soon = (): AbortSignal => AbortSignal.timeout(25_000);

describe('a token server as a process', () => {
  let dir: string;
  let node: DaemonProcess;
  let key: string;
  const daemons = new Set<DaemonProcess>();
  const servers = new Set<RunningProcess>();
  const undo: (() => void)[] = [];
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'postern-token-server-'));
    key = path.join(dir, 'key.jwk');
    const { publicKeys } = await loadOrCreateServiceKey(key);
    const accepted = path.join(dir, 'keys.json');
    await writeFile(accepted, publicKeys);
    node = await start('node', ['--role', 'replication', '--accept-key', accepted]);
  });
  after(async () => {
    for (const step of undo) step();
    await Promise.all([...daemons, ...servers].map((each) => each.stop()));
    await rm(dir, { recursive: true });
  });

  async function start(name: string, extra: readonly string[] = []): Promise<DaemonProcess> {
    const daemon = await DaemonProcess.start(path.join(dir, name), extra);
    daemons.add(daemon);
    return daemon;
  }

  async function serve(
    listen = '127.0.0.1:0',
    click = ['--no-click'],
  ): Promise<RunningProcess & { listen: string }> {
    const service = `rpl@${node.peerAddress}`;
    const server = await startReady(postern, [
      ...['token-server', '--listen', listen, '--service', service, ...click, '--signing-key', key],
      ...['--log-level', 'warn', '-o', 'json'],
    ]);
    servers.add(server);
    return { ...server, listen: String(server.ready.listen) };
  }

  function beside(daemon: DaemonProcess): GroupReplication {
    const adapter = new BertyAdapter(String(daemon.process.ready.listen));
    undo.push(() => adapter.close());
    const serving = { identity: { peer: 'x' }, serving: () => Promise.resolve(adapter) };
    return new GroupReplication({ daemon: serving, allowed: [], log: testLog });
  }

  async function entries(daemon: DaemonProcess, group: Buffer): Promise<number> {
    const { groups } = await daemon.status();
    return groups.find(({ groupPk }) => Buffer.from(groupPk).equals(group))?.entries ?? 0;
  }

  test('killed in the middle of the way to a token, it leaves a clear error, and the next attempt works', async () => {
    const first = await serve();
    let killed = false;
    const relay = await WatchedRelay.start(first.listen, async () => {
      if (killed) return;
      killed = true;
      await first.stop('SIGKILL');
      servers.delete(first);
    });
    undo.push(() => relay.stop());
    const member = await start('member');
    const group = await member.createGroup();
    const asked = { group: group.toString('base64url'), groupName: 'garden', tokenIp: relay.address };
    const part = beside(member);
    await assert.rejects(part.add(asked, soon()), {
      code: 'REPLICATION_FAILED',
      message: /^the daemon does not reach the token server, or the replication node/,
    });
    assert.ok(killed);
    assert.equal(await entries(node, group), 0);
    await assert.rejects(part.add(asked, soon()), { code: 'TOKEN_SERVER_UNREACHABLE' });
    await serve(first.listen);
    await part.add(asked, soon());
    await eventually('the group is held', async () => (await entries(node, group)) > 0);
  });

  test('a code is given at once with --no-click, and on a page without', async () => {
    const query = new URLSearchParams({
      ...{ response_type: 'code', client_id: 'berty', redirect_uri: 'berty://services-auth/', state: 's' },
      ...{ code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' },
    });
    for (const atOnce of [true, false]) {
      const { listen } = await serve('127.0.0.1:0', atOnce ? ['--no-click'] : []);
      const answer = await fetch(`http://${listen}/authorize?${query}`);
      assert.equal(answer.headers.has('x-auth-redirect'), atOnce);
    }
  });

  test('wrong settings are told in one go, each with its place', async () => {
    const wrong = ['--service', 'rpl', '--client', 'a b', '--tls-cert-file', 'x.pem', '--listen', 'here'];
    const { code, stderr } = await run(postern, ['token-server', ...wrong]);
    assert.equal(code, 2);
    for (const told of [/'rpl' is no service/, /--client.*an id is/, /--listen.*'here'/])
      assert.match(stderr, told);
    const alone = ['--service', 'rpl@h:1', '--tls-cert-file', 'x.pem'];
    assert.match((await run(postern, ['token-server', ...alone])).stderr, /go together/);
    assert.match((await run(postern, ['token-server'])).stderr, /--service is missing/);
    const bad = await run(postern, ['daemon', '--accept-key', key, '--data', path.join(dir, 'bad')]);
    assert.equal(bad.code, 2);
    assert.match(bad.stderr, /key\.jwk' gives no public keys: it holds no set of keys/);
  });
});
