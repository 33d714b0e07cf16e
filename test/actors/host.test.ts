import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { pino } from 'pino';
import { assign, SimulatedClock, setup } from 'xstate';
import { nodeMachine, standingOf } from '../../machines/node.js';
import { safeEffects } from '../../src/actors/effects.js';
import { startActor } from '../../src/actors/host.js';
import { type Transition, transition as transitionSchema } from '../../src/bus/messages.js';

/** A log that is kept. */
function keptLog() {
  const lines: string[] = [];
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  return { lines, log: pino({ level: 'debug' }, sink) };
}

function startNode(options: { publish?: (transition: Transition) => void } = {}) {
  const published: Transition[] = [];
  const { lines, log } = keptLog();
  const actor = startActor({
    machine: nodeMachine,
    machineName: 'node',
    id: 'attic',
    input: { node: 'attic' },
    now: () => 1_700_000_000_000,
    publish: options.publish ?? ((transition) => published.push(transition)),
    changed: (previous, next) => standingOf(previous, '1-a') !== standingOf(next, '1-a'),
    context: ({ context }) => ({ epoch: context.epoch }),
    log,
  });
  return { actor, published, lines };
}

const claim = { type: 'CLAIMED', instance: '1-a', epoch: 1, share: true } as const;

/** What tells of transitions, without beginnings and ends. */
const moves = (published: readonly Transition[]) =>
  published.filter(({ from, to }) => from !== '' && to !== '');

test('changes of state are published in order, heartbeats are not', () => {
  const { actor, published } = startNode();
  actor.send(claim);
  for (let beat = 0; beat < 5; beat += 1) {
    actor.send({ type: 'PING_ROUND' });
    actor.send({ type: 'HEARD', instance: '1-a', roundTripUs: 100 + beat });
  }
  actor.send({ type: 'BYE', instance: '1-a', reason: 'stopped' });
  assert.deepEqual(
    moves(published).map(({ sequence, event, from, to }) => [sequence, event, from, to]),
    [
      [1, 'CLAIMED', 'unseen', 'connected.joining'],
      [2, 'HEARD', 'connected.joining', 'connected.idle'],
      [3, 'BYE', 'connected.idle', 'lost'],
    ],
  );
  for (const transition of published) assert.deepEqual(transitionSchema.parse(transition), transition);
  assert.deepEqual(published[1]?.context, { epoch: 1 });
  actor.stop();
});

test('facts that matter are published though the state is the same', () => {
  const { actor, published } = startNode();
  actor.send({ ...claim, instance: '2-b', epoch: 2 });
  actor.send({ type: 'HEARD', instance: '2-b', roundTripUs: 100 });
  actor.send(claim);
  actor.send({ type: 'HEARD', instance: '1-a', roundTripUs: 100 });
  actor.send({ type: 'UNREACHABLE', instance: '1-a' });
  assert.deepEqual(
    moves(published).map(({ event, from, to }) => [event, from, to]),
    [
      ['CLAIMED', 'unseen', 'connected.joining'],
      ['HEARD', 'connected.joining', 'connected.idle'],
      ['CLAIMED', 'connected.idle', 'connected.idle'],
      ['HEARD', 'connected.idle', 'connected.idle'],
      ['UNREACHABLE', 'connected.idle', 'connected.idle'],
    ],
  );
  actor.stop();
});

test('listeners hear transitions until they stop, and a stopped actor says no more than that', () => {
  const { actor, published } = startNode();
  const heard: string[] = [];
  const stop = actor.onTransition(({ to }, snapshot) => heard.push(`${to} ${snapshot.context.epoch}`));
  actor.send(claim);
  stop();
  actor.send({ type: 'BYE', instance: '1-a', reason: 'draining' });
  actor.stop();
  actor.send({ type: 'BYE', instance: '1-a', reason: 'stopped' });
  assert.deepEqual(heard, ['connected.joining 1']);
  assert.equal(moves(published).length, 2);
});

/** Ends by itself. */
const brief = setup({ types: { events: {} as { type: 'END' } | { type: 'MORE' } } }).createMachine({
  id: 'brief',
  initial: 'begun',
  states: { begun: { on: { END: 'over' } }, over: { type: 'final' } },
});

test('a final state is published, and what comes after it is ignored', () => {
  const published: Transition[] = [];
  const actor = startActor({
    machine: brief,
    machineName: 'brief',
    id: 'attic',
    input: undefined,
    publish: (transition) => published.push(transition),
    context: () => ({}),
    log: keptLog().log,
  });
  actor.send({ type: 'END' });
  actor.send({ type: 'MORE' });
  actor.stop();
  assert.deepEqual(
    published.map(({ to }) => to),
    ['begun', 'over'],
  );
});

test('a throw in publish or in a listener is logged and harms nothing else', () => {
  const { actor, lines } = startNode({
    publish: () => {
      throw new Error('no bus');
    },
  });
  const heard: string[] = [];
  actor.onTransition(() => {
    throw new Error('bad listener');
  });
  actor.onTransition(({ to }) => heard.push(to));
  actor.send(claim);
  assert.deepEqual(heard, ['connected.joining']);
  assert.ok(lines.some((line) => line.includes('no bus')));
  assert.ok(lines.some((line) => line.includes('bad listener')));
  actor.stop();
});

/** Goes through three states by a timer; its effect or its facts may fail. */
const fragile = setup({
  types: { context: {} as { count: number }, events: {} as { type: 'GO' } | { type: 'BREAK' } },
  actions: { effect: () => {} },
}).createMachine({
  id: 'fragile',
  context: { count: 0 },
  initial: 'resting',
  states: {
    resting: { on: { GO: { target: 'busy', actions: 'effect' } } },
    busy: {
      after: { 1000: 'resting' },
      on: {
        BREAK: {
          actions: assign(() => {
            throw new Error('a defect');
          }),
        },
      },
    },
  },
});

function startFragile(machine: typeof fragile) {
  const published: Transition[] = [];
  const failures: unknown[] = [];
  const clock = new SimulatedClock();
  const { lines, log } = keptLog();
  const actor = startActor({
    machine,
    machineName: 'fragile',
    id: 'one',
    input: undefined,
    clock,
    publish: (transition) => published.push(transition),
    context: () => ({}),
    failed: (thrown) => failures.push(thrown),
    log,
  });
  return { actor, published, failures, clock, lines, log };
}

test('timers run on the clock that is given, and are called by their delay', () => {
  const { actor, published, clock } = startFragile(fragile);
  actor.send({ type: 'GO' });
  clock.increment(999);
  assert.equal(published.length, 2);
  clock.increment(1);
  assert.deepEqual(published[2], { ...published[2], event: 'after 1000', from: 'busy', to: 'resting' });
});

test('an effect that throws is logged and the machine goes on', () => {
  const { log, lines } = keptLog();
  const { actor, failures } = startFragile(
    fragile.provide({
      actions: safeEffects(log, {
        effect: () => {
          throw new Error('the effect broke');
        },
      }),
    }),
  );
  actor.send({ type: 'GO' });
  assert.equal(actor.snapshot().value, 'busy');
  assert.equal(failures.length, 0);
  assert.ok(lines.some((line) => line.includes('the effect broke')));
});

test('a defect in a machine ends its actor, is logged and told, and does not end the process', () => {
  const { actor, failures, lines } = startFragile(fragile);
  actor.send({ type: 'GO' });
  actor.send({ type: 'BREAK' });
  assert.equal(failures.length, 1);
  assert.equal(actor.snapshot().status, 'error');
  assert.ok(lines.some((line) => line.includes('a defect')));
  actor.send({ type: 'GO' });
});

test('an actor whose timer runs does not keep the process alive', () => {
  const { actor } = startFragile(fragile);
  actor.send({ type: 'GO' });
  const unclocked = startActor({
    machine: fragile,
    machineName: 'fragile',
    id: 'two',
    input: undefined,
    publish: () => {},
    context: () => ({}),
    log: keptLog().log,
  });
  const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  unclocked.send({ type: 'GO' });
  assert.equal(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length, before);
  unclocked.stop();
});
