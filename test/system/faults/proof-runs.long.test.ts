import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { RunCommand } from '../../cli/providers/run-command.js';
import { scenarioText, Traces } from '../../cli/providers/worlds.js';
import { labEnv, withoutLab } from '../../support/lab/stage.js';
import { checkoutRoot, compiledRoot, run } from '../../support/processes.js';

const missing = await withoutLab();
const postern = path.join(checkoutRoot, 'bin/postern');

describe('runs with faults that are proven', { timeout: 600_000 }, () => {
  let traces: Traces;
  before(async () => {
    traces = await Traces.make({ ...(await labEnv()), POSTERN_DIST: compiledRoot });
  });
  after(() => traces?.remove());

  /** Runs a scenario with these faults to its end. */
  const judged = async (provider: 'local' | 'lab', faults: string, env: NodeJS.ProcessEnv) => {
    const file = path.join(traces.dir, `${provider}.yaml`);
    const text = `${scenarioText(provider, 3, 40)}control: false\narm: 3s\nsettle: 8s\n${faults}`;
    await writeFile(file, text);
    const command = RunCommand.start(postern, ['run', file, '-o', 'jsonl'], env);
    return { status: await command.ended, said: command.said() };
  };

  test('pass when each was seen to act, and to be gone', async () => {
    const { status, said } = await judged(
      'local',
      `faults:
  - {kind: pause, nodes: n-1, at: 1s, for: 2s}
  - {kind: kill, nodes: n-2, at: 1s, for: 2s}
  - {kind: link, nodes: n-3, at: 1s, for: 2s}
`,
      traces.env,
    );
    assert.equal(status, 0, said);
    assert.doesNotMatch(said, /proves nothing/);
  });

  test('find no mismatch where faults of two nodes meet on one way, nor where what one is to miss the other holds back', {
    skip: missing,
  }, async () => {
    const { status, said } = await judged(
      'lab',
      `faults:
  - {kind: partition, nodes: n-1, from: n-2, way: kernel, at: 2s, for: 3s}
  - {kind: peers, nodes: n-2, way: kernel, at: 3s, for: 9s}
  - {partition: {one-way: {from: n-1, to: n-3}}, way: kernel, at: 16s, for: 3s}
`,
      traces.env,
    );
    assert.ok(status === 0 || status === 4, said);
    assert.match(said, /partition-1-n-3/);
    assert.doesNotMatch(said, /did not act as planned/);
  });

  test('are unknown when one dropped packets at another address than planned', {
    skip: missing,
  }, async () => {
    const { PATH = '' } = traces.env;
    const found = await run('sh', ['-c', 'PATH="$PATH:/usr/sbin:/sbin" command -v nft'], { env: traces.env });
    const nft = found.stdout.trim();
    const bin = path.join(traces.dir, 'bin');
    await mkdir(bin);
    const script = `#!/bin/sh
[ "$1" = -f ] || exec "${nft}" "$@"
exec sed -E 's/(hit4 \\{ )[0-9.]+/\\1203.0.113.9/' | "${nft}" "$@"
`;
    await writeFile(path.join(bin, 'nft'), script);
    await chmod(path.join(bin, 'nft'), 0o755);
    const env = { ...traces.env, PATH: `${bin}:${PATH}` };
    const { status, said } = await judged(
      'lab',
      'faults:\n  - {kind: link, nodes: n-1, at: 1s, for: 2s}\n',
      env,
    );
    assert.equal(status, 4, said);
    assert.match(said, /faults did not act as planned: link of n-1/);
    assert.match(said, /came through \d+ of \d+ times while it acted, and nothing was to/);
  });
});
