import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { Fault } from '../../../src/gen/postern/v1/faults.js';
import { killAtOnce, watchersLeft, watchersOf } from '../../support/faults/watchers.js';
import { eventually } from '../../support/processes.js';
import { journalOf } from './journal-of.js';
import { FaultStage, processState } from './stage.js';

/** It began at its time and ended at its time; how late a busy machine may be is no business of this. */
function assertInTime({ atMs, forMs, injectedAtMs, healedAtMs }: Fault): void {
  assert.ok(injectedAtMs >= atMs, `begun ${injectedAtMs - atMs} ms late`);
  assert.ok(healedAtMs >= atMs + forMs, `healed ${healedAtMs - atMs - forMs} ms late`);
}

describe('faults that an agent injects by its own clock', () => {
  let stage: FaultStage;
  before(async () => {
    stage = await FaultStage.open();
  });
  after(() => stage?.close());

  test('a cut of the link breaks it and lets nothing through; the records of a test tell of it afterwards', async () => {
    const { faults, tests } = stage;
    const group = await tests.ask('north', tests.client.createGroup, { name: '', command: undefined });
    await tests.create('quiet', { group: group.group }, 60_000);
    const forMs = 3_000;
    const cut = { kind: 'link', forMs, atMs: Date.now() + 3_000 };
    const { state } = await faults.arm('north', 'cut', cut);
    assert.match(state, /^(waiting|sounding)/);
    assert.match((await faults.arm('north', 'cut', cut)).state, /^(waiting|sounding)/);
    // One that is on its way when the cut comes may go on after it: each look is a call of its own.
    let refused = false;
    await eventually(
      'no call comes through',
      () => {
        faults.list('north').catch((error: { code: status }) => {
          refused ||= error.code === status.UNAVAILABLE;
        });
        return refused;
      },
      { everyMs: 50 },
    );
    const healed = await faults.comesTo('north', 'cut', 'healed');
    assertInTime(healed);
    assert.deepEqual([healed.by, healed.code], ['userspace', '']);
    const notes = await eventually('all are on disk', async () => {
      const found = (await journalOf(stage.fleet.dir, 'north', 'quiet')).flatMap((record) =>
        record.k === 'note' && record.topic === 'fault' ? [record.data] : [],
      );
      return found.length === 3 ? found : undefined;
    });
    const common = { fault: 'cut', kind: 'link', by: 'userspace' };
    assert.deepEqual(notes.slice(0, 2), [
      { ...common, phase: 'injected', at: healed.injectedAtMs },
      { ...common, phase: 'healed', at: healed.healedAtMs },
    ]);
    assert.equal(notes[2]?.phase, 'proven');
    const ofCut = await eventually('its whole story is told', async () => {
      const shown = await stage.fleet.postern(['inspect', 'north', '--machine', 'fault', '-o', 'jsonl']);
      const told = shown.stdout
        .trim()
        .split('\n')
        .map((line): { id: string; to: string } => JSON.parse(line))
        .filter(({ id }) => id === 'r1.cut.north')
        .map(({ to }) => to);
      return told.at(-1) === 'healed' && told;
    });
    const canariesAside = ofCut.filter((state) => !/^(sounding|checking)/.test(state));
    assert.deepEqual(canariesAside, [
      'idle',
      'waiting',
      'injecting',
      'injected',
      'healing.undoing',
      'healed',
    ]);
  });

  test('a pause stops the process that listens at the address of the daemon, and lets it go on', async () => {
    const { pid } = stage.daemon.process;
    await stage.faults.arm('north', 'nap', { kind: 'pause', forMs: 60_000 });
    await eventually('it stands still', async () => (await processState(pid)) === 'T', { everyMs: 20 });
    await stage.faults.comesTo('north', 'nap', 'injected');
    assert.equal((await stage.faults.heal('north', 'nap')).state, 'healed');
    assert.notEqual(await processState(pid), 'T');
    await stage.daemon.status();
  });

  test('a daemon goes on whose agent and guardian got kill -9 at once; the next agent tells of all', async () => {
    const { pid } = stage.daemon.process;
    await stage.faults.arm('north', 'long-nap', { kind: 'pause', forMs: 3_600_000 });
    await stage.faults.arm('north', 'later', { kind: 'link', atMs: Date.now() + 3_600_000 });
    await eventually('it stands still', async () => (await processState(pid)) === 'T', { everyMs: 20 });
    await stage.faults.comesTo('north', 'long-nap', 'injected');
    await stage.faults.arm('north', 'soon', { kind: 'link', atMs: Date.now() + 6_000, forMs: 100 });
    const { atMs } = await stage.faults.show('north', 'soon');
    const { guardians } = await watchersOf(stage.directory);
    assert.equal(guardians.length, 1);
    killAtOnce([stage.agent.pid, ...guardians]);
    await eventually('it goes on', async () => (await processState(pid)) !== 'T', {
      everyMs: 20,
      timeoutMs: 15_000,
    });
    await eventually('the other one is over', () => Date.now() > atMs + 100);
    await stage.startAgent();
    const ended = await stage.faults.comesTo('north', 'long-nap', 'healed');
    assert.equal(ended.code, 'AGENT_ENDED');
    assert.equal((await stage.faults.comesTo('north', 'soon', 'missed')).injectedAtMs, 0);
    assert.equal((await stage.faults.heal('north', 'later')).state, 'cancelled');
    assert.deepEqual(await readdir(path.join(stage.directory, 'undo')), []);
  });

  test('a daemon that is killed is away for its time, and started as it was; one that is restarted comes at once', async () => {
    const { peerId } = await stage.daemon.status();
    assert.deepEqual(await stage.listeners(), [stage.daemon.process.pid]);
    await stage.faults.arm('north', 'crash', { kind: 'kill', forMs: 60_000 });
    await eventually('nobody listens', async () => (await stage.listeners()).length === 0, { everyMs: 20 });
    await stage.faults.comesTo('north', 'crash', 'injected');
    assert.equal((await stage.faults.heal('north', 'crash')).state, 'healed');
    const [second] = await stage.listeners();
    assert.ok(second !== undefined && second !== stage.daemon.process.pid);
    assert.equal((await stage.daemon.status()).peerId, peerId);
    await stage.faults.arm('north', 'restart', { kind: 'restart', forMs: 0 });
    assertInTime(await stage.faults.comesTo('north', 'restart', 'healed'));
    const [third] = await stage.listeners();
    assert.ok(third !== undefined && third !== second);
  });

  test('what makes no sense is refused, and so is a controller that another has taken over from', async () => {
    const { faults } = stage;
    const refusal = (asked: Parameters<typeof faults.arm>[2], name = 'odd') =>
      faults.arm('north', name, asked).then(
        () => 'taken',
        ({ code, details }: { code: status; details: string }) => `${status[code]} ${details}`,
      );
    assert.match(await refusal({ kind: 'flood' }), /^INVALID_ARGUMENT .*a fault is of a kind/s);
    assert.match(await refusal({ forMs: 3_600_001 }), /^INVALID_ARGUMENT .*an hour at most/s);
    assert.match(await refusal({ forMs: 1 }), /^INVALID_ARGUMENT .*at least 100 ms/s);
    assert.match(await refusal({ kind: 'restart' }), /^INVALID_ARGUMENT .*takes no time/s);
    assert.match(await refusal({ atMs: Date.now() + 2e9 }), /^INVALID_ARGUMENT .*20 days/s);
    assert.match(await refusal({}, 'nap'), /^ALREADY_EXISTS/);
    assert.match(await refusal({}, 'a.b'), /^INVALID_ARGUMENT/);
    const later = { atMs: Date.now() + 3_600_000 };
    assert.equal(await refusal({ ...later, command: { run: 'r1', term: 2 } }, 'ours'), 'taken');
    assert.match(
      await refusal({ ...later, command: { run: 'r1', term: 1 } }, 'theirs'),
      /^FAILED_PRECONDITION superseded/,
    );
    assert.deepEqual(
      (await faults.healAll('north')).map(({ fault, state }) => [fault, state]),
      [['ours', 'cancelled']],
    );
  });

  test('a daemon goes on when everything got kill -9: agent, guardian, hub and bus; and nothing of ours is left', async () => {
    const [pid = 0] = await stage.listeners();
    await stage.faults.arm('north', 'orphan', { kind: 'pause', forMs: 3_600_000 });
    await eventually('it stands still', async () => (await processState(pid)) === 'T', { everyMs: 20 });
    await stage.faults.comesTo('north', 'orphan', 'injected');
    await stage.killEverything();
    await eventually('it goes on', async () => (await processState(pid)) !== 'T', {
      everyMs: 20,
      timeoutMs: 15_000,
    });
    await eventually('nobody watches any more', async () => (await watchersLeft(stage.directory)) === 0);
    assert.deepEqual(await readdir(path.join(stage.directory, 'undo')), ['r1.orphan.done']);
  });
});
