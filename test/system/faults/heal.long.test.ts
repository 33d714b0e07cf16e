import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { killAtOnce, watchersOf } from '../../support/faults/watchers.js';
import { eventually } from '../../support/processes.js';
import { FaultStage, processState } from './stage.js';

const linux = process.platform === 'linux' ? false : 'faults of processes are of Linux';

describe('postern heal', { skip: linux }, () => {
  let stage: FaultStage;
  before(async () => {
    stage = await FaultStage.open();
  });
  after(() => stage?.close());

  const heal = async (...words: string[]) => {
    const { code, stdout, stderr } = await stage.fleet.postern(['heal', ...words]);
    return { code, told: stdout === '' ? [] : JSON.parse(stdout), stderr };
  };
  const json = ['-o', 'json'];
  const paused = async (fault: string) => {
    await stage.faults.arm('north', fault, { kind: 'pause', forMs: 3_600_000 });
    await stage.faults.comesTo('north', fault, 'injected');
  };

  test('a node is healed by way of the hub, alone or with all that are connected', async () => {
    await paused('one');
    const one = await heal('north', ...json);
    assert.equal(one.code, 0, one.stderr);
    assert.deepEqual(
      one.told.map((row: Record<string, unknown>) => [row.node, row.fault, row.became, row.over]),
      [['north', 'r1.one', 'healed', true]],
    );
    await paused('two');
    const all = await heal('--all', ...json);
    assert.equal(all.code, 0, all.stderr);
    assert.equal(all.told[0]?.fault, 'r1.two');
    assert.match((await heal('--all')).stderr, /no fault was armed or acted/);
    assert.equal((await heal('nobody')).code, 64 + 14);
    assert.equal((await heal('north', '--all')).code, 2);
    assert.equal((await heal('--all', '--force')).code, 2);
  });

  test('without a node it leaves an agent alone that is there, and heals what a killed one has left', async () => {
    const data = ['--data', path.join(stage.fleet.dir, 'north'), ...json];
    const [pid = 0] = await stage.listeners();
    await paused('left');
    const present = await heal(...data);
    assert.equal(present.code, 1);
    assert.deepEqual([present.told[0]?.fault, present.told[0]?.became], ['r1.left', 'left']);
    assert.match(present.stderr, /postern heal NODE/);
    assert.equal(await processState(pid), 'T');
    // whoever could undo it is killed, as kill -9 to every process of a user does
    const { guardians, deputies } = await watchersOf(stage.directory);
    killAtOnce([...deputies, ...guardians, stage.agent.pid]);
    await stage.agent.exited;
    for (;;) {
      const { guardians: more, deputies: others } = await watchersOf(stage.directory);
      if (more.length + others.length === 0) break;
      killAtOnce([...others, ...more]);
    }
    assert.equal(await processState(pid), 'T');
    const done = await heal(...data);
    assert.equal(done.code, 0, done.stderr);
    assert.deepEqual(
      [done.told[0]?.node, done.told[0]?.what, done.told[0]?.became],
      ['north', 'a paused process', 'undone'],
    );
    await eventually('it goes on', async () => (await processState(pid)) !== 'T');
    const nothing = await heal(...data);
    assert.deepEqual([nothing.code, nothing.told], [0, []]);
    assert.match(nothing.stderr, /nothing is left of faults here/);
  });
});
