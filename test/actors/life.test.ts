import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AnyStateMachine, assign, type InputFrom, SimulatedClock, setup } from 'xstate';
import { definitionOf } from '../../machines/definition.js';
import { nodeMachine, standingOf } from '../../machines/node.js';
import { testMachine } from '../../machines/test.js';
import { definitionHash } from '../../src/actors/definition-hash.js';
import { HeldClock } from '../../src/actors/held-clock.js';
import { type ActorOptions, startActor } from '../../src/actors/host.js';
import { startRebuiltActor } from '../../src/actors/rebuilt.js';
import { transition as schema, type Transition } from '../../src/bus/messages.js';
import { testLog, until } from '../support/nats.js';

function kept<M extends AnyStateMachine>(
  machine: M,
  input: InputFrom<M>,
  extra: Partial<ActorOptions<M>> = {},
) {
  const told: Transition[] = [];
  const options: ActorOptions<M> = {
    machine,
    machineName: machine.id,
    id: 'attic',
    input,
    now: () => 1_700_000_000_000,
    publish: (transition) => told.push(schema.parse(transition)),
    context: () => ({}),
    log: testLog,
    ...extra,
  };
  return { told, options };
}

function startNode() {
  const { told, options } = kept(
    nodeMachine,
    { node: 'attic', past: 'seen' },
    { changed: (before, after) => standingOf(before, '1-a') !== standingOf(after, '1-a') },
  );
  return { told, actor: startActor(options) };
}

const claim = { type: 'CLAIMED', instance: '1-a', epoch: 1, share: true } as const;

test('an actor that has not moved yet is known, with the edges by which it came into its first state', () => {
  const { told, actor } = startNode();
  assert.deepEqual(told, [
    {
      v: 1,
      machine: 'node',
      id: 'attic',
      atMs: 1_700_000_000_000,
      bornMs: 1_700_000_000_000,
      sequence: 0,
      event: 'xstate.init',
      from: '',
      to: 'lost',
      edges: [definitionOf(nodeMachine).edges.find(({ guard }) => guard === 'wasSeen')?.id],
      definition: definitionHash(nodeMachine),
      context: {},
    },
  ]);
  actor.stop();
});

/** Ends by itself. */
const brief = setup({ types: { events: {} as { type: 'END' } | { type: 'MORE' } } }).createMachine({
  id: 'brief',
  initial: 'begun',
  states: { begun: { on: { END: 'over' } }, over: { type: 'final' } },
});

test('an actor that is stopped says so once, and one that has ended by itself has said so already', () => {
  const stopped = startNode();
  stopped.actor.stop();
  stopped.actor.stop();
  assert.deepEqual(
    stopped.told.slice(1).map(({ sequence, event, from, to, edges }) => [sequence, event, from, to, edges]),
    [[1, 'STOPPED', 'lost', '', undefined]],
  );
  const ended = kept(brief, undefined);
  const actor = startActor(ended.options);
  actor.send({ type: 'END' });
  actor.stop();
  assert.deepEqual(
    ended.told.map(({ to }) => to),
    ['begun', 'over'],
  );
});

test('a transition names each edge that was taken in its order, what the event said and whose doing it was', () => {
  const { told, actor } = startNode();
  actor.send(claim, 'link/attic.b1');
  actor.send({ type: 'HEARD', instance: '1-a', roundTripUs: 300 });
  const edges = new Map(definitionOf(nodeMachine).edges.map((edge) => [edge.id, edge]));
  const path = (index: number) =>
    told[index]?.edges?.map((id) => [
      edges.get(id)?.event,
      edges.get(id)?.guard,
      edges.get(id)?.targets.join(),
    ]);
  assert.deepEqual(path(1), [
    ['CLAIMED', '', ''],
    ['', 'bestJoins', 'connected'],
    ['', 'bestJoins', 'connected.joining'],
  ]);
  assert.deepEqual(path(2), [
    ['HEARD', '', ''],
    ['', 'anyReady', 'connected.idle'],
  ]);
  assert.deepEqual(told[1]?.detail, { instance: '1-a', epoch: 1, share: true });
  assert.equal(told[1]?.by, 'link/attic.b1');
  assert.equal(told[2]?.by, undefined);
  actor.stop();
});

/** Enters one state anew, takes some events and ignores others. */
const turning = setup({
  types: {
    context: {} as { count: number },
    events: {} as { type: 'AGAIN' | 'COUNT' | 'NEXT' | 'LOST' | 'BREAK' },
  },
}).createMachine({
  id: 'turning',
  context: { count: 0 },
  initial: 'one',
  states: {
    one: {
      on: {
        AGAIN: { target: 'one', reenter: true },
        COUNT: { actions: assign({ count: ({ context }) => context.count + 1 }) },
        NEXT: 'two',
      },
      after: { 1000: 'two' },
    },
    two: {
      on: {
        NEXT: 'one',
        BREAK: {
          actions: assign(() => {
            throw new Error('a defect with pj_0123456789abcdef01_aa');
          }),
        },
      },
    },
  },
});

test('a state that is entered anew is a transition, facts that change in it are none', () => {
  const { told, options } = kept(turning, undefined, { clock: new SimulatedClock() });
  const actor = startActor(options);
  for (const type of ['COUNT', 'AGAIN', 'COUNT'] as const) actor.send({ type });
  assert.deepEqual(
    told.slice(1).map(({ event, from, to, edges }) => [event, from, to, edges]),
    [['AGAIN', 'one', 'one', ['one:AGAIN']]],
  );
  actor.stop();
});

test('a timer is an edge as well', () => {
  const clock = new SimulatedClock();
  const { told, options } = kept(turning, undefined, { clock });
  const actor = startActor(options);
  clock.increment(1_000);
  assert.deepEqual(
    [told[1]?.event, told[1]?.edges, told[1]?.detail],
    ['after 1000', ['one:after 1000'], undefined],
  );
  actor.stop();
});

test('events that a state does not take are counted, told at once, then seldom, and with each transition', async () => {
  const { told, options } = kept(turning, undefined, { clock: new SimulatedClock() });
  const actor = startActor(options);
  const began = performance.now();
  for (let i = 0; i < 5; i += 1) actor.send({ type: 'LOST' });
  assert.deepEqual(
    told.slice(1).map(({ event, from, to, edges, ignored }) => [event, from, to, edges, ignored]),
    [['LOST', 'one', 'one', [], { LOST: 1 }]],
  );
  await until('the others are told', () => told.length === 3);
  assert.ok(performance.now() - began >= 995, 'they were told too soon');
  assert.deepEqual(told[2]?.ignored, { LOST: 5 });
  actor.stop();
});

test('what was ignored is told with a transition, and not once more by itself', async () => {
  const { told, options } = kept(turning, undefined, { clock: new SimulatedClock() });
  const actor = startActor(options);
  for (const type of ['LOST', 'LOST', 'BREAK', 'NEXT'] as const) actor.send({ type });
  assert.deepEqual([told.length, told[2]?.to, told[2]?.ignored], [3, 'two', { LOST: 2, BREAK: 1 }]);
  const stopped = kept(turning, undefined, { clock: new SimulatedClock() });
  const other = startActor(stopped.options);
  for (const type of ['LOST', 'LOST'] as const) other.send({ type });
  other.stop();
  await sleep(1_100);
  assert.equal(told.length, 3);
  assert.deepEqual([stopped.told.length, stopped.told.at(-1)?.ignored], [3, { LOST: 2 }]);
  actor.stop();
});

test('an actor that dies of a defect says so', () => {
  const { told, options } = kept(turning, undefined, { clock: new SimulatedClock() });
  const actor = startActor(options);
  actor.send({ type: 'NEXT' });
  actor.send({ type: 'BREAK' });
  actor.stop();
  assert.deepEqual(
    told.slice(2).map(({ event, from, to, detail }) => [event, from, to, detail]),
    [['FAILED', 'two', '', { message: 'a defect with [secret]' }]],
  );
});

test('the life of an actor that is rebuilt begins where its past has led it; one that had ended is not told again', () => {
  const rebuilt = (
    past: readonly (
      | { type: 'STOP_ASKED'; by: string; reason: string; atMs: number }
      | { type: 'FINISHED' }
    )[],
  ) => {
    const input = { run: 'r1', test: 't1', settleMs: 0, sendMs: 0 };
    const clock = new HeldClock(new SimulatedClock());
    const { told, options } = kept(testMachine, input);
    const actor = startRebuiltActor({ ...options, clock });
    for (const event of past) actor.send(event);
    assert.deepEqual(told, []);
    actor.live();
    return { told, actor };
  };
  const stop = { type: 'STOP_ASKED', by: 'somebody', reason: 'enough', atMs: 1 } as const;
  const { told, actor } = rebuilt([stop]);
  actor.send({ type: 'FINISHED' });
  assert.deepEqual(
    told.map(({ sequence, event, from, to, edges }) => [sequence, event, from, to, edges]),
    [
      [0, 'xstate.init', '', 'draining', undefined],
      [1, 'FINISHED', 'draining', 'stopped', ['draining:FINISHED#2']],
    ],
  );
  assert.deepEqual(rebuilt([stop, { type: 'FINISHED' }]).told, []);
});
