import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createActor, initialTransition, SimulatedClock } from 'xstate';
import { processSamples } from '../../machines/index.js';
import { stateName } from '../../machines/state-name.js';
import {
  type ProcessEvent,
  type ProcessSnapshot,
  processMachine,
} from '../../machines/supervised-process.js';
import { everyState, walk } from './walk.js';

/** A process on a clock that stands still, with its effects written down. */
function supervised() {
  const clock = new SimulatedClock();
  const effects: string[] = [];
  const note = (name: string) => () => {
    effects.push(name);
  };
  const machine = processMachine.provide({
    actions: { launch: note('launch'), terminate: note('terminate'), kill: note('kill') },
  });
  const actor = createActor(machine, { clock }).start();
  const send = (...events: ProcessEvent[]) => {
    for (const event of events) actor.send(event);
    return stateName(actor.getSnapshot());
  };
  return {
    effects,
    send,
    after: (ms: number) => {
      clock.increment(ms);
      return stateName(actor.getSnapshot());
    },
    context: () => actor.getSnapshot().context,
  };
}

const start: ProcessEvent = { type: 'START' };
const stop: ProcessEvent = { type: 'STOP' };
const launched: ProcessEvent = { type: 'LAUNCHED', pid: 7 };
const exited: ProcessEvent = { type: 'EXITED', how: 'exit status 3' };
const gone: ProcessEvent = { type: 'GONE' };
const keeperLost: ProcessEvent = { type: 'KEEPER_LOST', message: 'the keeper was ended by SIGKILL' };

test('it has started when it has stayed up for the settle time', () => {
  const process = supervised();
  assert.equal(process.send(start), 'starting.launching');
  assert.equal(process.send(launched), 'starting.settling');
  assert.equal(process.after(999), 'starting.settling');
  assert.equal(process.after(1), 'running');
  assert.equal(process.context().pid, 7);
  assert.deepEqual(process.effects, ['launch']);
});

test('one that ends within the settle time has failed when nothing of it is left', () => {
  const process = supervised();
  assert.equal(process.send(start, launched, exited), 'stopping.graceful');
  assert.equal(process.send(gone), 'failed');
  assert.deepEqual(process.context(), {
    pid: undefined,
    lastExit: 'exit status 3',
    error: { code: 'ENDED', message: 'it ended without being told to: exit status 3' },
  });
  assert.equal(process.send(start), 'starting.launching');
  assert.equal(process.context().error, undefined);
});

test('one that was not there in time is killed before anything else', () => {
  const process = supervised();
  process.send(start);
  assert.equal(process.after(15_000), 'stopping.killing');
  assert.equal(process.context().error?.code, 'LAUNCH_TIMEOUT');
  assert.equal(process.send(launched, gone), 'failed');
});

test('a stop gives it the grace, then kills it, then says that it is stuck', () => {
  const process = supervised();
  process.send(start, launched);
  process.after(1_000);
  assert.equal(process.send(stop), 'stopping.graceful');
  assert.equal(process.send(stop, start), 'stopping.graceful');
  assert.equal(process.after(9_999), 'stopping.graceful');
  assert.equal(process.after(1), 'stopping.killing');
  assert.equal(process.after(10_000), 'stuck');
  assert.equal(process.send(start), 'stuck');
  assert.equal(process.send(stop), 'stopping.killing');
  assert.equal(process.send(exited, gone), 'stopped');
  assert.deepEqual(process.effects, ['launch', 'terminate', 'kill', 'kill']);
});

test('without its keeper it is killed at once, and again when the keeper goes while it is killed', () => {
  const process = supervised();
  process.send(start, launched);
  process.after(1_000);
  assert.equal(process.send(keeperLost), 'stopping.killing');
  assert.equal(process.send(keeperLost), 'stopping.killing');
  assert.deepEqual(process.effects, ['launch', 'kill', 'kill']);
  assert.equal(process.send(gone), 'failed');
  assert.equal(process.context().error?.code, 'KEEPER_LOST');
});

test('a stop that is under way succeeds though the keeper goes', () => {
  const process = supervised();
  process.send(start, launched, stop);
  assert.equal(process.send(keeperLost), 'stopping.killing');
  assert.equal(process.send(gone), 'stopped');
});

test('every state of the process is reached, and invariants hold on every path', () => {
  const [first] = initialTransition(processMachine);
  const key = (snapshot: ProcessSnapshot) => JSON.stringify([stateName(snapshot), snapshot.context]);
  const states = walk(processMachine, first, processSamples, key, ({ before, event, after }) => {
    const [from, to] = [stateName(before), stateName(after)];
    const told = `${from} -${event.type}-> ${to} ${JSON.stringify(after.context)}`;
    const { pid, error } = after.context;
    const there = ['starting.settling', 'running'].includes(to);
    if (there)
      assert.ok(pid !== undefined && error === undefined, `runs without an id or with an error: ${told}`);
    if (to === 'failed') assert.notEqual(error, undefined, `failed and does not say why: ${told}`);
    if (to === 'stopped') assert.equal(error, undefined, `stopped with an error: ${told}`);
    if (['failed', 'stopped'].includes(to))
      assert.equal(pid, undefined, `has an id and does not run: ${told}`);
    if (to.startsWith('starting') && !from.startsWith('starting')) {
      assert.ok(['stopped', 'failed'].includes(from), `started while something was left: ${told}`);
    }
    if (['stopped', 'failed'].includes(to) && to !== from) {
      assert.ok(['GONE', 'LAUNCH_FAILED'].includes(event.type), `over while something may be left: ${told}`);
    }
  });
  assert.deepEqual([...states].sort(), everyState(processMachine).sort());
});
