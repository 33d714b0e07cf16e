import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { credentials } from '@grpc/grpc-js';
import { z } from 'zod';
import { type CertificateAuthority, makeAuthority } from '../../scripts/certs/issue.js';
import { Fleet } from '../support/fleet.js';
import { interopCases } from '../support/interop/cases.js';
import { InteropClient } from '../support/interop/client.js';
import { eventually, type RunningProcess, type StartOptions } from '../support/processes.js';
import { startTinyproxy, type Tinyproxy } from '../support/tinyproxy.js';

const login = { user: 'agent', password: 'n0bodyGuessesThis' };

describe('a hub with TLS, and an agent that only HTTPS lets out', () => {
  let fleet: Fleet;
  let hub: RunningProcess;
  let agent: RunningProcess;
  let proxy: Tinyproxy;
  let authority: CertificateAuthority;
  let port: string;
  let ca: string;
  let metadata: Record<string, string>;

  before(async () => {
    fleet = await Fleet.make();
    authority = await makeAuthority('test authority');
    const { cert, key } = await authority.issue(['localhost', '127.0.0.1']);
    const file = (name: string): string => path.join(fleet.dir, name);
    ca = file('ca.pem');
    await Promise.all([
      writeFile(ca, authority.cert),
      writeFile(file('hub.crt'), cert),
      writeFile(file('hub.key'), key),
    ]);
    // A bus that no agent can reach where it is said to be: the WebSocket is the only way.
    hub = await fleet.up([
      '--tls',
      '--tls-cert-file',
      file('hub.crt'),
      '--tls-key-file',
      file('hub.key'),
      '--nats-advertise',
      'nats://127.0.0.1:1',
    ]);
    port = (await fleet.hubAddress()).split(':').at(-1) ?? '';
    proxy = await startTinyproxy({ connectPort: Number(port), login });
    const server = await fleet.interopServer();
    agent = await startAgent(
      server.address,
      `http://agent:${encodeURIComponent(login.password)}@127.0.0.1:${proxy.port}`,
    );
    metadata = { name: 'cellar', authorization: `Bearer ${await fleet.callerToken('tester')}` };
  });
  after(async () => {
    await fleet.stop();
    await proxy.stop();
  });

  const startAgent = async (
    to: string,
    proxyUrl: string,
    extra: string[] = [],
    options: StartOptions = {},
  ): Promise<RunningProcess> =>
    fleet.start(
      [
        'agent',
        '--node',
        'cellar',
        '--to',
        to,
        '--data',
        path.join(fleet.dir, 'cellar'),
        '--hub-ca',
        ca,
        ...extra,
      ],
      {
        ...options,
        env: {
          POSTERN_HUB: `https://localhost:${port}`,
          POSTERN_TOKEN: await fleet.joinToken('cellar'),
          HTTPS_PROXY: proxyUrl,
        },
      },
    );
  const target = () => ({
    address: `localhost:${port}`,
    metadata,
    credentials: credentials.createSsl(Buffer.from(authority.cert)),
  });

  for (const [name, run] of Object.entries(interopCases)) test(`${name} over TLS`, () => run(target()));

  test('the agent came through the proxy, by WebSocket, and its password is nowhere', async () => {
    const node = await fleet.node('cellar');
    assert.match(JSON.stringify(node), /"transport":"nats-ws"/);
    assert.match(proxy.log(), new RegExp(`CONNECT localhost:${port}`));
    for (const output of [agent.stderr(), hub.stderr()]) {
      assert.ok(!output.includes(login.password) && !output.includes(encodeURIComponent(login.password)));
    }
  });

  test('the agent comes back by itself when the proxy was away', async () => {
    await proxy.kill();
    await eventually('the node is cut off', async () =>
      ['suspect', 'lost'].includes(await fleet.stateOf('cellar')),
    );
    await proxy.restart();
    await eventually('the node is back', async () => (await fleet.stateOf('cellar')) === 'connected.idle', {
      timeoutMs: 40_000,
    });
    const client = new InteropClient(target());
    assert.equal((await client.unaryCall({})).error, null);
    client.close();
  });

  test('commands reach the hub over TLS, and say what is wrong with a certificate', async () => {
    const elsewhere = {
      POSTERN_DATA: path.join(fleet.dir, 'empty'),
      POSTERN_HUB: `https://localhost:${port}`,
    };
    const token = metadata.authorization?.replace('Bearer ', '') ?? '';
    const listed = await fleet.postern(['describe', 'cellar', 'grpc.testing.TestService', '--hub-ca', ca], {
      env: { ...elsewhere, POSTERN_TOKEN: token },
    });
    assert.equal(listed.code, 0, listed.stderr);
    assert.match(listed.stdout, /UnaryCall/);
    const distrusted = await fleet.postern(['describe', 'cellar'], {
      env: { ...elsewhere, POSTERN_TOKEN: token },
    });
    assert.equal(distrusted.code, 1);
    assert.match(distrusted.stderr, /--hub-ca FILE/);
  });

  test('an agent tells what a proxy or a certificate does to it', async () => {
    const refused: [string, string[], RegExp][] = [
      [`http://agent:wrong@127.0.0.1:${proxy.port}`, [], /does not let us through.*HTTP 40[17]/],
      ['socks5://127.0.0.1:1', [], /the URL of the proxy is not/],
      [
        `http://agent:${encodeURIComponent(login.password)}@127.0.0.1:${proxy.port}`,
        ['--hub-ca', path.join(fleet.dir, 'hub.crt')],
        /certificate/,
      ],
    ];
    for (const [proxyUrl, extra, said] of refused) {
      const args = ['--data', path.join(fleet.dir, 'other'), ...extra];
      // It goes on trying until it is told to stop.
      const failed = startAgent('127.0.0.1:1', proxyUrl, args, { failsWith: said });
      await assert.rejects(failed, /it cannot become ready/);
    }
  });

  test('the hub that stops lets the calls to it end, and waits no longer for its connection', async () => {
    const client = new InteropClient(target());
    const call = client.fullDuplexCall();
    call.on('error', () => {});
    const pong = async (): Promise<void> => {
      const answered = once(call, 'data');
      call.write({ responseParameters: [{ size: 1 }] });
      await answered;
    };
    await pong();
    let ended = false;
    const stopped = hub.stop('SIGTERM').then((status) => {
      ended = true;
      return status;
    });
    await eventually('it takes no more', async () => {
      const other = new InteropClient(target());
      const { error } = await other.unaryCall({}, undefined, { deadline: Date.now() + 1_000 });
      other.close();
      return error !== null;
    });
    await pong();
    assert.equal(ended, false, 'a call is open');
    const over = once(call, 'status');
    const since = performance.now();
    call.end();
    const [{ code }] = z.tuple([z.object({ code: z.number() })]).parse(await over);
    assert.equal(code, 0);
    assert.equal(await stopped, 0);
    assert.ok(performance.now() - since < 15_000, 'it did not wait for its whole drain');
    client.close();
  });
});
