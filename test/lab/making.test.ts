import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { findLeftovers } from '../../scripts/testing/leftovers.js';
import { findLabTools } from '../../src/lab/tools.js';
import { LabStage, labEnv, withoutLab } from '../support/lab/stage.js';
import { compiledRoot, run } from '../support/processes.js';

const missing = await withoutLab();

describe('making a lab', { skip: missing }, () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'postern-making-'));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  for (const [nodes, withinMs] of [
    [5, 2_000],
    [40, 20_000],
  ] as const) {
    test(`a lab of ${nodes} nodes is there within ${withinMs / 1000} s, and the last one reaches the hub`, async (t) => {
      // A machine that is busy with other things may be slower once.
      let ms = Number.POSITIVE_INFINITY;
      for (let attempt = 0; attempt < 3 && ms > withinMs; attempt += 1) {
        const begun = performance.now();
        const stage = await LabStage.open({ nodes: { n: { count: nodes } } });
        ms = performance.now() - begun;
        await stage.echo('hub', 7);
        const answer = await stage.dial(`n-${nodes}`, 'hub', 7, 5_000);
        assert.equal(answer, `echoed from ${stage.lab.address(`n-${nodes}`)}`);
        await stage.close();
      }
      t.diagnostic(`${nodes} nodes in ${Math.round(ms)} ms`);
      assert.ok(ms <= withinMs, `${ms} ms`);
    });
  }

  test('without its programs it says which, and what to install', async () => {
    const some = path.join(dir, 'some');
    await run('mkdir', ['-p', some]);
    for (const name of ['ip', 'sh', 'mount', 'unshare']) {
      await writeFile(path.join(some, name), '');
      await chmod(path.join(some, name), 0o755);
    }
    await assert.rejects(findLabTools({ PATH: some }, []), {
      code: 'LAB_TOOLS_MISSING',
      message: 'a lab needs nft, nsenter, setpriv, not found on PATH',
      hint: /apt install nftables util-linux;/,
    });
    assert.equal(
      (
        await findLabTools({ PATH: '' }, [
          some,
          '/usr/bin',
          '/usr/sbin',
          ...((await labEnv()).PATH?.split(':') ?? []),
        ])
      ).ip,
      path.join(some, 'ip'),
    );
  });

  test('where the kernel lets nobody make namespaces, it says so for each way, and what to do', async () => {
    const code = `const { openLab } = await import(${JSON.stringify(path.join(compiledRoot, 'src/lab/lab.js'))});
      await openLab({ nodes: { cellar: {} } }).catch(({ code, message, hint }) => console.log(JSON.stringify({ code, message, hint })));`;
    const script =
      'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --inh-caps=-all --bounding-set=-all "$@"';
    const { stdout, stderr } = await run(
      'unshare',
      [
        '--user',
        '--map-root-user',
        'sh',
        '-c',
        script,
        'sh',
        process.execPath,
        '--input-type=module',
        '-e',
        code,
      ],
      { env: await labEnv() },
    );
    assert.notEqual(stdout, '', stderr);
    const { code: refused, message, hint } = JSON.parse(stdout);
    assert.equal(refused, 'LAB_REFUSED');
    assert.match(message, /as root: unshare: .*not permitted; in a user namespace: unshare: .*No space left/);
    assert.match(hint, /user\.max_user_namespaces/);
  });

  test('what the kernel says to a step that fails is told, and no holder is left', async () => {
    const env = await labEnv();
    const nft = path.join(dir, 'nft');
    await writeFile(
      nft,
      '#!/bin/sh\necho "Error: Could not process rule: Operation not supported" >&2\nexit 1\n',
    );
    await chmod(nft, 0o755);
    await assert.rejects(
      LabStage.open(
        { nodes: { cellar: {} } },
        { env: { ...env, PATH: `${dir}:${env.PATH}`, LAB_MARK: dir } },
      ),
      {
        code: 'LAB_FAILED',
        message: 'cannot lay out the lab: Error: Could not process rule: Operation not supported',
        hint: /CONFIG_NF_TABLES/,
      },
    );
    assert.deepEqual(await findLeftovers(`LAB_MARK=${dir}`, 5_000), []);
  });
});
