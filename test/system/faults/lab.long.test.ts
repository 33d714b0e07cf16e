import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withoutLab } from '../../support/lab/stage.js';
import { eventually, type RunningProcess } from '../../support/processes.js';
import { FaultLab } from './lab-stage.js';

const missing = await withoutLab();
const open = { hub: true, peer: true };

describe('faults that drop packets, in a lab', { skip: missing }, () => {
  let lab: FaultLab;
  let agent: RunningProcess;
  before(async () => {
    lab = await FaultLab.open();
    agent = lab.agent;
  });
  after(() => lab?.close());

  const cutFrom = (whom: 'hub' | 'peer') =>
    eventually(
      `${whom} is cut off, and nobody else`,
      async () => {
        const reached = await lab.reaches();
        return !reached[whom] && { ...reached, [whom]: true };
      },
      { everyMs: 20 },
    );

  test('a cut of the link drops what goes to the hub, until its end, and nothing else', async () => {
    await lab.nft('add', 'table', 'inet', 'foreign');
    assert.deepEqual(await lab.reaches(), open);
    const armed = await lab.faults.arm('north', 'cut', { kind: 'link', forMs: 5_000 });
    assert.deepEqual(await cutFrom('hub'), open);
    const healed = await lab.faults.comesTo('north', 'cut', 'healed', 40_000);
    assert.deepEqual([healed.by, healed.code], ['nft', '']);
    assert.ok(healed.dropped > 0);
    assert.ok(healed.injectedAtMs >= armed.atMs && healed.healedAtMs >= armed.atMs + armed.forMs);
    assert.deepEqual(await lab.reaches(), open);
  });

  test('a cut from the peers leaves the hub, which can end it at any time', async () => {
    await lab.faults.arm('north', 'alone', { kind: 'peers', forMs: 60_000 });
    assert.deepEqual(await cutFrom('peer'), open);
    const acting = await lab.faults.comesTo('north', 'alone', 'injected');
    assert.equal(acting.by, 'nft');
    await eventually('packets are counted', async () => {
      await lab.reaches();
      return (await lab.faults.show('north', 'alone')).dropped > 0;
    });
    assert.equal((await lab.faults.heal('north', 'alone')).state, 'healed');
    assert.deepEqual(await lab.reaches(), open);
  });

  test('the kernel heals a cut whose agent and guardian got kill -9; the next agent removes what is left', async () => {
    await lab.faults.arm('north', 'orphan', { kind: 'link', forMs: 8_000 });
    assert.deepEqual(await cutFrom('hub'), open);
    await lab.killAll(agent);
    assert.deepEqual(await lab.reaches(), { hub: false, peer: true });
    await eventually('the kernel has healed it', async () => (await lab.reaches()).hub);
    assert.match(await lab.nft('list', 'tables'), /postern_fault_/);
    agent = await lab.startAgent();
    const healed = await lab.faults.comesTo('north', 'orphan', 'healed');
    assert.equal(healed.code, 'AGENT_ENDED');
    assert.deepEqual((await lab.nft('list', 'tables')).trim(), 'table inet foreign');
  });

  test('a cut is healed by the kernel when its agent stands still, comes again when it goes on, and says so', async () => {
    await lab.faults.arm('north', 'frozen', { kind: 'peers', forMs: 40_000 });
    assert.deepEqual(await cutFrom('peer'), open);
    agent.signal('SIGSTOP');
    await eventually('the lease has ended', async () => (await lab.reaches()).peer, { timeoutMs: 30_000 });
    // A short lapse is no difference worth telling.
    await sleep(4_000);
    agent.signal('SIGCONT');
    assert.deepEqual(await cutFrom('peer'), open);
    const healed = await lab.faults.comesTo('north', 'frozen', 'healed', 60_000);
    assert.equal(healed.code, 'FAULT_DIFFERED');
    assert.match(healed.reason, /healed it for a while/);
    assert.deepEqual(await lab.reaches(), open);
  });
});
