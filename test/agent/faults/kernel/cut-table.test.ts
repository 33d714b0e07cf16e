import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  type Disturbance,
  droppedOf,
  renewalText,
  tableName,
  tableText,
} from '../../../../src/agent/faults/kernel/cut-table.js';
import { disturbanceOf } from '../../../../src/agent/faults/kernel/disturbance.js';
import { type FaultScope, plainShape } from '../../../../src/fault-kinds.js';
import { LabStage, labEnv, withoutLab } from '../../../support/lab/stage.js';
import { eventually } from '../../../support/processes.js';

const missing = await withoutLab();
const port = 4000;
const table = tableName('K', 'r1.f1');

test('the table of a fault has a name of its own for each agent and fault', () => {
  assert.match(table, /^postern_fault_[0-9a-f]{16}$/);
  assert.notEqual(table, tableName('L', 'r1.f1'));
  assert.notEqual(table, tableName('K', 'r1.f2'));
});

describe('tables that cut, in the kernel', { skip: missing }, () => {
  let stage: LabStage;
  let hub: string[];
  before(async () => {
    stage = await LabStage.open({ nodes: { north: { public: true }, peer: { public: true } } });
    hub = [stage.lab.address('hub'), '2001:db8::1'];
    await Promise.all([stage.echo('hub', port), stage.echo('peer', port)]);
  });
  after(() => stage?.close());

  const cut = (scope: FaultScope): Disturbance =>
    disturbanceOf({ kind: 'partition', shape: { ...plainShape('partition'), scope } }, hub);
  const nft = async (text: string): Promise<void> => {
    const { code, stderr } = await stage.run('north', ['nft', '-f', '-'], {
      env: await labEnv(),
      input: text,
    });
    assert.equal(code, 0, stderr);
  };
  const list = async (): Promise<string> => {
    const args = ['nft', '-j', 'list', 'table', 'inet', table];
    return (await stage.run('north', args, { env: await labEnv() })).stdout;
  };
  /** Which of the machines answer; those that are to do so have their time. */
  const reaches = async (meant: readonly string[]): Promise<string[]> => {
    const all = await Promise.all(
      ['hub', 'peer'].map(async (host) => {
        const forMs = meant.includes(host) ? 10_000 : 250;
        return [host, await stage.dial('north', host, port, forMs)] as const;
      }),
    );
    return all.flatMap(([host, became]) => (became.startsWith('echoed') ? [host] : []));
  };

  for (const [name, scope, left] of [
    ['the hub', 'hub', ['peer']],
    ['all but the hub', 'daemon', ['hub']],
  ] as const) {
    test(`a cut from ${name} leaves the rest, counts what it drops, lasts as long as it is renewed, and ends alone`, async () => {
      await nft(tableText(table, cut(scope), 60_000));
      assert.deepEqual(await reaches(left), left);
      const dropped = droppedOf(await list());
      assert.ok(dropped > 0);
      await nft(renewalText(table, cut(scope), 60_000));
      assert.deepEqual(await reaches(left), left);
      assert.ok(droppedOf(await list()) > dropped, 'what was counted before is not forgotten');
      await nft(renewalText(table, cut(scope), 100));
      await eventually('the kernel has ended it', async () => (await reaches(['hub', 'peer'])).length === 2);
    });
  }
});
