import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeAuthority } from '../../scripts/certs/issue.js';
import { LabStage, withoutLab } from '../support/lab/stage.js';
import {
  checkoutRoot,
  compiledRoot,
  eventually,
  type Finished,
  type RunningProcess,
} from '../support/processes.js';

const missing = await withoutLab();
const postern = path.join(checkoutRoot, 'bin/postern');
/** A call that fails may take so long until it does, in milliseconds: the hub's pings find out sooner. */
const failsWithinMs = 20_000;

describe('a hub with agents behind NATs, in a lab', { skip: missing }, () => {
  let dir: string;
  let stage: LabStage;
  let hub: RunningProcess;
  let callerToken: string;
  const file = (name: string): string => path.join(dir, name);
  const hubEnv = (): NodeJS.ProcessEnv => ({ POSTERN_DATA: file('hub') });

  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'postern-lab-system-'));
    const authority = await makeAuthority('test authority');
    const { cert, key } = await authority.issue(['hub', 'localhost', '127.0.0.1']);
    await Promise.all([
      writeFile(file('ca.pem'), authority.cert),
      writeFile(file('hub.crt'), cert),
      writeFile(file('hub.key'), key),
    ]);
    stage = await LabStage.open({ nodes: { cellar: {}, attic: {} } });
    const tls = ['--tls', '--tls-cert-file', file('hub.crt'), '--tls-key-file', file('hub.key')];
    hub = await stage.start('hub', [postern, 'up', '--listen', '0.0.0.0:443', ...tls, '--output', 'json'], {
      env: hubEnv(),
    });
    callerToken = await token('--caller', 'tester');
    await Promise.all(['cellar', 'attic'].map(startNode));
  });
  after(async () => {
    await stage.close();
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  });

  const token = async (...words: string[]): Promise<string> => {
    const made = await stage.run('hub', [postern, 'token', 'create', ...words], { env: hubEnv() });
    assert.equal(made.code, 0, made.stderr);
    return made.stdout.trim();
  };

  const startNode = async (node: string): Promise<void> => {
    const server = path.join(compiledRoot, 'test/support/interop/server.js');
    await stage.start(node, [process.execPath, server, '--listen', '127.0.0.1:50051']);
    await stage.start(
      node,
      [
        postern,
        'agent',
        '--node',
        node,
        '--to',
        '127.0.0.1:50051',
        '--data',
        file(node),
        '--hub-ca',
        file('ca.pem'),
        '--output',
        'json',
      ],
      { env: { POSTERN_HUB: 'https://hub', POSTERN_TOKEN: await token('--join', node) } },
    );
  };

  /** A call by somebody on the WAN. */
  const call = (node: string): Promise<Finished> =>
    stage.run(
      'wan',
      [
        postern,
        'call',
        node,
        'grpc.testing.TestService/UnaryCall',
        '-d',
        '{"fillUsername": true, "responseSize": 3}',
      ],
      {
        env: {
          POSTERN_HUB: 'https://hub',
          POSTERN_TOKEN: callerToken,
          POSTERN_DATA: file('caller'),
          POSTERN_HUB_CA: file('ca.pem'),
        },
        timeoutMs: 60_000,
      },
    );
  const reaches = async (node: string): Promise<void> => {
    const { code, stdout, stderr } = await call(node);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /"body": ?"AAAA"/);
  };

  test('calls from the WAN reach both nodes, and no dial does', async () => {
    await Promise.all([reaches('cellar'), reaches('attic')]);
    assert.equal(await stage.dial('wan', 'cellar', 50051), 'silence');
    assert.equal(await stage.dial('wan', 'hub', 4222, 5_000), 'refused', 'NATS is for the hub alone');
  });

  test('while a node is cut from the hub its calls fail in time, and those of another go on; then it is back', async () => {
    await stage.lab.cut('cellar', { scope: 'hub' });
    const begun = performance.now();
    const [failed] = await Promise.all([call('cellar'), reaches('attic')]);
    const took = performance.now() - begun;
    assert.equal(failed.code, 64 + 14, `${failed.code}: ${failed.stderr}`);
    assert.match(failed.stderr, /UNAVAILABLE/);
    assert.ok(took < failsWithinMs, `${took} ms`);
    await stage.lab.heal('cellar');
    await eventually('calls get through again', async () => (await call('cellar')).code === 0, {
      timeoutMs: 60_000,
    });
    await reaches('attic');
    assert.ok(!/level":(?:50|60)/.test(hub.stderr()), hub.stderr());
  });
});
