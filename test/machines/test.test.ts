import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createActor, initialTransition, SimulatedClock } from 'xstate';
import { machines, testSamples } from '../../machines/index.js';
import { stateName } from '../../machines/state-name.js';
import { type TestEvent, type TestSnapshot, testMachine } from '../../machines/test.js';
import { everyState, walk } from './walk.js';

/** A test on a clock that stands still, with its effects written down. */
function started() {
  const clock = new SimulatedClock();
  const effects: string[] = [];
  const note = (name: string) => () => void effects.push(`${name} at ${clock.now()}`);
  const left = (atMs: number) => Math.max(0, atMs - clock.now());
  const machine = testMachine.provide({
    actions: { begin: note('begin'), endSends: note('endSends'), finish: note('finish') },
    delays: {
      untilStart: ({ context }) => left(context.startAtMs ?? 0),
      untilSendsEnd: ({ context }) => left((context.startAtMs ?? 0) + context.sendMs),
      untilSettled: ({ context }) => left((context.sendsEndedAtMs ?? 0) + context.settleMs),
    },
  });
  const actor = createActor(machine, { input: machines.test.input, clock }).start();
  const send = (...events: TestEvent[]) => {
    for (const event of events) actor.send(event);
    return stateName(actor.getSnapshot());
  };
  return { clock, effects, send, context: () => actor.getSnapshot().context };
}

const intended = (seq: number): TestEvent => ({ type: 'INTENDED', seq });
const ok: TestEvent = { type: 'SETTLED', result: 'ok' };
const running: TestEvent[] = [{ type: 'ARMED', startAtMs: 1000 }, { type: 'STARTED' }];
const stop: TestEvent = { type: 'STOP_ASKED', by: 'somebody', reason: 'enough', atMs: 2000 };

test('it wants to begin at its time, to send no more at the end of it, and to finish when all had time to come', () => {
  const one = started();
  assert.equal(one.send({ type: 'ARMED', startAtMs: 1000 }), 'armed');
  one.clock.increment(999);
  assert.deepEqual(one.effects, []);
  one.clock.increment(1);
  assert.deepEqual(one.effects, ['begin at 1000']);
  assert.equal(one.send({ type: 'STARTED' }), 'running');
  one.clock.increment(10_000);
  assert.equal(one.send({ type: 'SENDS_ENDED', atMs: 11_000 }), 'draining');
  one.clock.increment(500);
  assert.equal(one.send({ type: 'FINISHED' }), 'finished');
  assert.deepEqual(one.effects, ['begin at 1000', 'endSends at 11000', 'finish at 11500']);
});

test('a test that is taken up after its times is at once where it belongs', () => {
  const one = started();
  one.clock.increment(60_000);
  one.send({ type: 'ARMED', startAtMs: 1000 }, { type: 'BOOTED' });
  one.clock.increment(0);
  assert.deepEqual(one.effects, ['begin at 60000']);
  one.send({ type: 'STARTED' });
  one.clock.increment(0);
  assert.equal(one.effects.at(-1), 'endSends at 60000');
});

test('a message is never sent twice, nor one before another that was sent', () => {
  const one = started();
  one.send(...running, intended(1), ok, intended(1), intended(3), intended(2));
  assert.equal(one.context().lastSeq, 3);
  assert.equal(one.context().open, 1);
});

test('it does not finish before the outcome of all that was sent is known', () => {
  const one = started();
  one.send(...running, intended(1), { type: 'SENDS_ENDED', atMs: 1500 });
  assert.equal(one.send({ type: 'FINISHED' }), 'draining');
  assert.equal(one.send({ type: 'SETTLED', result: 'unknown' }, { type: 'FINISHED' }), 'finished');
  assert.deepEqual(one.context().results, { ok: 0, fail: 0, info: 0, unknown: 1 });
});

test('one that is stopped drains as well, and is stopped and not finished in the end', () => {
  for (const before of [[], running.slice(0, 1), running]) {
    const one = started();
    one.clock.increment(2000);
    assert.equal(one.send(...before, stop), 'draining');
    one.clock.increment(500);
    assert.equal(one.effects.at(-1), 'finish at 2500');
    assert.equal(one.send({ type: 'FINISHED' }), 'stopped');
    assert.deepEqual(one.context().stop, { by: 'somebody', reason: 'enough' });
  }
});

test('one that is stopped may drain for less long, also when it drains already, and never for longer', () => {
  for (const before of [running, [...running, { type: 'SENDS_ENDED', atMs: 1_900 } as const]]) {
    const one = started();
    one.clock.increment(2000);
    assert.equal(one.send(...before, { ...stop, settleMs: 100 }), 'draining');
    one.clock.increment(100);
    assert.equal(one.effects.at(-1), 'finish at 2100');
    one.send({ ...stop, atMs: 2_050, settleMs: 400 });
    assert.equal(one.context().settleMs, 100);
    assert.equal(one.send({ type: 'FINISHED' }), 'stopped');
  }
});

test('it can fail at any time, says why, and stays so', () => {
  for (const before of [[], running.slice(0, 1), running, [...running, stop]]) {
    const one = started();
    assert.equal(one.send(...before, { type: 'FAILED', code: 'DISK_FULL', message: 'no room' }), 'failed');
    assert.deepEqual(one.context().error, { code: 'DISK_FULL', message: 'no room' });
    assert.equal(one.send(...running), 'failed');
  }
});

test('after a restart it is not known whether hub and daemon are there', () => {
  const one = started();
  one.send({ type: 'HUB_CHANGED', up: true }, { type: 'DAEMON_CHANGED', up: false });
  assert.deepEqual([one.context().hub, one.context().daemon], ['up', 'down']);
  one.send({ type: 'BOOTED' });
  assert.deepEqual([one.context().hub, one.context().daemon], ['unseen', 'unseen']);
});

test('every state of the test is reached, and invariants hold on every path', () => {
  const [first] = initialTransition(testMachine, machines.test.input);
  const few = (count: number) => Math.min(2, count);
  const key = (snapshot: TestSnapshot) => {
    // What is only counted leads nowhere.
    const { results, received: _r, slips: _s, boots: _b, ...context } = snapshot.context;
    const counts = [results.ok, results.unknown].map(few);
    return JSON.stringify([stateName(snapshot), context, counts]);
  };
  const states = walk(testMachine, first, testSamples, key, ({ before, event, after }) => {
    const told = `${stateName(before)} -${event.type}-> ${stateName(after)} ${JSON.stringify(after.context)}`;
    const { open, lastSeq, results, error, stop: stopped } = after.context;
    if (before.status === 'done') assert.equal(stateName(after), stateName(before), told);
    assert.ok(open >= 0 && lastSeq >= before.context.lastSeq, told);
    assert.ok(open + results.ok + results.unknown <= lastSeq, `more sent than numbered: ${told}`);
    assert.equal(stateName(after) === 'failed', error !== undefined, told);
    if (stateName(after) === 'stopped') assert.ok(stopped !== undefined && open === 0, told);
    if (stateName(after) === 'finished') assert.ok(stopped === undefined && open === 0, told);
    if (stateName(after) === 'armed') assert.notEqual(after.context.startAtMs, undefined, told);
    if (lastSeq > before.context.lastSeq) assert.equal(stateName(after), 'running', told);
  });
  assert.deepEqual([...states].sort(), everyState(testMachine).sort());
});

test('whatever is told, the counts are what was told', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...Object.values(testSamples).flat()), { maxLength: 40 }),
      (events) => {
        const one = started();
        let received = 0;
        for (const event of events) {
          const before = one.context();
          const state = one.send(event);
          if (event.type === 'RECEIVED' && !['finished', 'stopped', 'failed'].includes(state)) received++;
          assert.ok(one.context().received >= before.received);
        }
        assert.equal(one.context().received, received);
      },
    ),
    { numRuns: 200 },
  );
});
