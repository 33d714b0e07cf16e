import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createActor, initialTransition, SimulatedClock } from 'xstate';
import { type DaemonEvent, type DaemonSnapshot, daemonMachine } from '../../machines/daemon.js';
import { daemonSamples, machines } from '../../machines/index.js';
import { stateName } from '../../machines/state-name.js';
import { everyState, walk } from './walk.js';

/** A daemon on a clock that stands still, with its effects written down. */
function started() {
  const clock = new SimulatedClock();
  const effects: string[] = [];
  const note = (name: string) => () => {
    effects.push(name);
  };
  const machine = daemonMachine.provide({
    actions: {
      probe: note('probe'),
      abandonProbe: note('abandonProbe'),
      watch: note('watch'),
      unwatch: note('unwatch'),
      hangUp: note('hangUp'),
    },
  });
  const actor = createActor(machine, { input: { target: '127.0.0.1:9091' }, clock }).start();
  const send = (...events: DaemonEvent[]) => {
    for (const event of events) actor.send(event);
    return stateName(actor.getSnapshot());
  };
  return {
    clock,
    effects,
    send,
    state: () => stateName(actor.getSnapshot()),
    context: () => actor.getSnapshot().context,
  };
}

const answered: DaemonEvent = { type: 'ANSWERED', identity: { dialect: 'weshnet', peer: 'p' } };
const failed: DaemonEvent = {
  type: 'PROBE_FAILED',
  code: 'DAEMON_UNREACHABLE',
  message: 'nobody listens there',
};

test('it is probed, watched while it serves, and probed at once when it is lost', () => {
  const daemon = started();
  assert.equal(daemon.send({ type: 'START' }), 'probing');
  assert.equal(daemon.send(answered), 'serving');
  assert.equal(daemon.context().identity?.peer, 'p');
  assert.equal(daemon.send({ type: 'LOST', reason: 'connection reset' }), 'probing');
  assert.equal(daemon.context().lastError?.message, 'connection reset');
  assert.equal(daemon.send(answered), 'serving');
  assert.equal(daemon.context().lastError, undefined);
  assert.deepEqual(daemon.effects, [
    ...['probe', 'abandonProbe', 'watch', 'unwatch'],
    ...['probe', 'abandonProbe', 'watch'],
  ]);
});

test('a daemon that does not answer is probed again, after a pause that doubles', () => {
  const daemon = started();
  daemon.send({ type: 'START' });
  for (const pauseMs of [250, 500, 1000]) {
    assert.equal(daemon.send(failed), 'unreachable');
    daemon.clock.increment(pauseMs - 1);
    assert.equal(daemon.state(), 'unreachable');
    daemon.clock.increment(1);
    assert.equal(daemon.state(), 'probing');
  }
  daemon.clock.increment(10_000);
  assert.equal(daemon.state(), 'unreachable');
  assert.equal(daemon.context().lastError?.code, 'TIME_OUT');
  assert.equal(daemon.context().attempt, 4);
});

test('whoever asks does not wait for the pause to end', () => {
  const daemon = started();
  assert.equal(daemon.send({ type: 'ASKED' }), 'probing');
  daemon.send(failed);
  assert.equal(daemon.send({ type: 'ASKED' }), 'probing');
});

test('another place is another daemon; the same place changes nothing', () => {
  const daemon = started();
  daemon.send({ type: 'START' }, answered);
  assert.equal(daemon.send({ type: 'TARGETED', target: '127.0.0.1:9091' }), 'serving');
  assert.equal(daemon.effects.includes('hangUp'), false);
  assert.equal(daemon.send({ type: 'TARGETED', target: '127.0.0.1:9191' }), 'probing');
  assert.deepEqual(daemon.context(), {
    target: '127.0.0.1:9191',
    attempt: 0,
    identity: undefined,
    pid: undefined,
    lastError: undefined,
  });
  assert.deepEqual(daemon.effects.slice(-3), ['unwatch', 'hangUp', 'probe']);
});

test('every state of the daemon is reached, and invariants hold on every path', () => {
  const [first] = initialTransition(daemonMachine, machines.daemon.input);
  const key = (snapshot: DaemonSnapshot) =>
    JSON.stringify([
      stateName(snapshot),
      { ...snapshot.context, attempt: Math.min(2, snapshot.context.attempt), lastError: undefined },
    ]);
  const states = walk(daemonMachine, first, daemonSamples, key, ({ before, event, after }) => {
    const told = `${stateName(before)} -${event.type}-> ${stateName(after)}`;
    const { attempt, identity, lastError } = after.context;
    if (before.status === 'done') assert.equal(stateName(after), 'stopped', told);
    if (event.type === 'STOP') assert.equal(stateName(after), 'stopped', told);
    if (stateName(after) === 'serving') assert.deepEqual([attempt, lastError], [0, undefined], told);
    if (stateName(after) === 'serving') assert.notEqual(identity, undefined, told);
    if (stateName(after) === 'unreachable') assert.ok(attempt > 0 && lastError !== undefined, told);
    if (before.context.target !== after.context.target) {
      assert.deepEqual([stateName(after), identity], ['probing', undefined], told);
    }
  });
  assert.deepEqual([...states].sort(), everyState(daemonMachine).sort());
});
