import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { labEnv, withoutLab } from '../../support/lab/stage.js';
import { eventually } from '../../support/processes.js';
import { FaultLab } from './lab-stage.js';

const missing = await withoutLab();

describe('faults that do not do what was planned, in a lab', { skip: missing }, () => {
  let lab: FaultLab;
  before(async () => {
    lab = await FaultLab.open();
  });
  after(() => lab?.close());

  const proven = async (name: string) => {
    const { proof } = await lab.faults.comesTo('north', name, 'healed', 60_000);
    return `${proof?.outcome}: ${proof?.reason}`;
  };

  const tableOfAgent = () =>
    eventually(
      'its table is there',
      async () => /inet (postern_fault_\w+)/.exec(await lab.nft('list', 'tables'))?.[1],
      { everyMs: 20 },
    );

  test('a cut that acts is confirmed, by what goes to the hub and not by what goes elsewhere', async () => {
    await lab.faults.arm('north', 'true', { kind: 'link', forMs: 3_000, atMs: Date.now() + 1_500 });
    assert.match(await proven('true'), /^confirmed: .* came through \d of \d times before, 0 of \d+ while/);
  });

  test('one whose table somebody removes right after is a mismatch', async () => {
    await lab.faults.arm('north', 'removed', { kind: 'link', forMs: 4_000, atMs: Date.now() + 1_500 });
    await lab.nft('delete', 'table', 'inet', await tableOfAgent());
    assert.match(await proven('removed'), /^mismatch: .* came through \d+ of \d+ times while it acted/);
  });

  test('one whose way is silent after its heal is a mismatch', async () => {
    const hub = (await lab.stage.run('north', ['getent', 'hosts', 'hub'])).stdout.split(/\s/)[0] ?? '';
    const atMs = Date.now() + 1_500;
    await lab.faults.arm('north', 'stays', { kind: 'link', forMs: 2_000, atMs });
    await tableOfAgent();
    await lab.nft('add', 'table', 'inet', 'foreign');
    await lab.nft('add', 'chain', 'inet', 'foreign', 'out', '{ type filter hook output priority 0; }');
    await lab.nft('add', 'rule', 'inet', 'foreign', 'out', 'ip', 'daddr', hub, 'drop');
    // the agent cannot be asked meanwhile; canaries look for five seconds
    await eventually('canaries have given up', () => Date.now() > atMs + 9_000, { timeoutMs: 15_000 });
    await lab.nft('delete', 'table', 'inet', 'foreign');
    assert.match(await proven('stays'), /^mismatch: .* is not as before after the heal/);
  });

  test('one whose packets are dropped at another address than planned is a mismatch', async () => {
    const bin = path.join(lab.dir, 'bin');
    await mkdir(bin);
    const file = path.join(bin, 'nft');
    const { PATH = '' } = await labEnv();
    const real = (
      await lab.stage.run('north', ['sh', '-c', 'command -v nft'], { env: { PATH } })
    ).stdout.trim();
    // All that is to hit somebody hits an address that is nobody's.
    const script = `#!/bin/sh
[ "$1" = -f ] || exec "${real}" "$@"
exec sed -E 's/(hit4 \\{ )[0-9.]+/\\1203.0.113.9/' | "${real}" "$@"
`;
    await writeFile(file, script);
    await chmod(file, 0o755);
    await lab.agent.stop();
    await lab.startAgent({ PATH: `${bin}:${PATH}` });
    await lab.faults.arm('north', 'wrong', { kind: 'link', forMs: 3_000, atMs: Date.now() + 1_500 });
    assert.match(
      await proven('wrong'),
      /^mismatch: .* came through \d+ of \d+ times while it acted, and nothing/,
    );
  });
});
