import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../support/processes.js';
import { FaultStage } from './stage.js';

describe('faults of a node, more of them', () => {
  let stage: FaultStage;
  before(async () => {
    stage = await FaultStage.open();
  });
  after(() => stage?.close());

  test('a process that ends while it is paused is not mistaken for a later one, and the fault says so', async () => {
    const [pid = 0] = await stage.listeners();
    await stage.faults.arm('north', 'last-nap', { kind: 'pause', forMs: 60_000 });
    await stage.faults.comesTo('north', 'last-nap', 'injected');
    process.kill(pid, 'SIGKILL');
    await eventually('it is gone', async () => (await stage.listeners()).length === 0, { everyMs: 20 });
    await stage.faults.heal('north', 'last-nap');
    // Its canaries wait for a daemon that does not come again.
    const healed = await stage.faults.comesTo('north', 'last-nap', 'healed');
    assert.deepEqual([healed.state, healed.code], ['healed', 'FAULT_DIFFERED']);
    assert.match(healed.reason, /ended while it was paused/);
    await stage.faults.arm('north', 'nobody', { kind: 'kill', forMs: 500 });
    const refused = await stage.faults.comesTo('north', 'nobody', 'refused');
    assert.equal(refused.code, 'DAEMON_NOT_FOUND');
    assert.match(refused.reason, /no process of this machine listens at 127\.0\.0\.1:/);
  });

  test('people arm, see and end faults on the command line', async () => {
    const armed = await stage.fleet.postern([
      'fault',
      'arm',
      'north',
      'by-hand',
      '--kind',
      'link',
      '--in',
      '1h',
    ]);
    assert.equal(armed.code, 0, armed.stderr);
    assert.match(armed.stdout, /manual +by-hand +link +waiting/);
    const healed = await stage.fleet.postern(['fault', 'heal', 'north']);
    assert.match(healed.stdout, /by-hand +link +cancelled/);
    const listed = await stage.fleet.postern(['fault', 'ls', 'north', '--run', 'manual', '-o', 'json']);
    assert.equal(JSON.parse(listed.stdout).faults[0].state, 'cancelled');
    const kinds = await stage.fleet.postern(['fault', 'kinds', 'north']);
    assert.match(kinds.stdout, /link +hub +userspace/);
    const node = await stage.fleet.postern(['nodes', 'north']);
    assert.match(node.stdout, /faults that it can do .*\n {2}by .*\n/);
    assert.match(node.stdout, /^ {2}by userspace: link \(hub\)/m);
    const told = await stage.fleet.postern(['nodes', 'north', '-o', 'json']);
    assert.equal(JSON.parse(told.stdout)[0].faults.longestMs, 3_600_000);
    await stage.agent.stop();
    const gone = await stage.fleet.postern(['nodes', 'north']);
    assert.match(gone.stdout, /^faults that it can do: not known, it is not connected$/m);
  });
});
