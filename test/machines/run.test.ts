import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createActor, initialTransition, SimulatedClock } from 'xstate';
import { machines, runSamples } from '../../machines/index.js';
import { type RunEvent, type RunPhase, type RunSnapshot, runDelays, runMachine } from '../../machines/run.js';
import { stateName } from '../../machines/state-name.js';
import { everyState, walk } from './walk.js';

/** A run on a clock that stands still, with its effects written down. */
function started() {
  const clock = new SimulatedClock();
  const effects: string[] = [];
  const note = (name: string) => () => void effects.push(`${name} at ${clock.now()}`);
  const machine = runMachine.provide({
    actions: {
      giveUp: note('giveUp'),
      endSends: note('endSends'),
      endSettling: note('endSettling'),
      endCollecting: note('endCollecting'),
      endStopping: note('endStopping'),
    },
    delays: runDelays((atMs) => Math.max(0, atMs - clock.now())),
  });
  const actor = createActor(machine, { input: machines.run.input, clock }).start();
  const send = (...events: RunEvent[]) => {
    for (const event of events) actor.send(event);
    return stateName(actor.getSnapshot());
  };
  return { clock, effects, send, context: () => actor.getSnapshot().context };
}

const [loaded] = runSamples.LOADED;
const [withControl] = runSamples.GATHERED;
const disturbed = { ...withControl, lastsMs: { joining: 2_000, control: 500, main: 5_000 } };
const plain: RunEvent = { ...withControl, control: false };
const [grouped] = runSamples.GROUPED;
const [ready] = runSamples.READY;
const [armed] = runSamples.ARMED;
const [sent] = runSamples.SENT;
const [settled] = runSamples.SETTLED;
const [collected] = runSamples.COLLECTED;
const [aborted] = runSamples.ABORTED;
const [stuck] = runSamples.STUCK;
const [quiet] = runSamples.QUIET;
const [healed] = runSamples.HEALED;
const t0 = (phase: RunPhase, t0Ms: number): RunEvent => ({
  type: 'T0_CHOSEN',
  atMs: 0,
  phase,
  t0Ms,
});

test('a run goes through its phases, and each wait ends by the clock', () => {
  const run = started();
  assert.equal(run.send(loaded, withControl, grouped, ready), 'control.arming');
  assert.equal(run.send(t0('control', 1_000), armed), 'control.running');
  run.clock.set(1_500);
  assert.deepEqual(run.effects, ['endSends at 1500']);
  assert.equal(run.send({ ...sent, atMs: 1_500 }, { ...settled, atMs: 1_800 }), 'main.arming');
  assert.equal(run.send(t0('main', 2_000), { ...armed, atMs: 1_900 }), 'main.running');
  run.clock.set(7_000);
  assert.equal(run.effects.at(-1), 'endSends at 7000');
  assert.equal(run.send({ ...sent, atMs: 7_000 }), 'main.settling');
  run.clock.set(10_000);
  assert.equal(run.effects.at(-1), 'endSettling at 10000');
  assert.equal(run.send({ ...settled, atMs: 10_000 }), 'collecting');
  run.clock.set(11_000);
  assert.equal(run.effects.at(-1), 'endCollecting at 11000');
  assert.equal(run.send(collected), 'judging');
  assert.equal(run.send({ type: 'JUDGED', atMs: 12_000, verdict: 'pass' }), 'passed');
});

test('a run without a control phase goes to its tests at once', () => {
  assert.equal(started().send(loaded, plain, grouped, ready), 'main.arming');
});

test('joining that is disturbed has a T0 of its own, and the tests do not begin before all is healed', () => {
  const run = started();
  assert.equal(run.send(loaded, disturbed), 'arming');
  assert.equal(run.send(t0('joining', 500), t0('joining', 600), armed), 'grouping');
  assert.deepEqual(run.context().t0, { joining: 500 });
  assert.equal(run.send(grouped), 'readying');
  assert.equal(run.send(ready), 'healing');
  assert.equal(run.send(healed), 'control.arming');
  const uncontrolled = started();
  const events = [t0('joining', 500), armed, grouped, ready, healed];
  assert.equal(uncontrolled.send(loaded, { ...disturbed, control: false }, ...events), 'main.arming');
});

test('who is cut off while members join is waited for: patience begins with the last heal', () => {
  for (const events of [[], [grouped], [grouped, ready]]) {
    const run = started();
    const state = run.send(loaded, disturbed, t0('joining', 10_000), armed, ...events);
    const healedAtMs = 10_000 + disturbed.lastsMs.joining;
    run.clock.set(healedAtMs + 999);
    assert.deepEqual(run.effects, [], state);
    run.clock.set(healedAtMs + 1_000);
    assert.deepEqual(run.effects, [`giveUp at ${healedAtMs + 1_000}`], state);
  }
});

test('a step that takes too long is given up', () => {
  for (const events of [
    [loaded],
    [loaded, plain],
    [loaded, plain, grouped],
    [loaded, plain, grouped, ready],
    [loaded, withControl, grouped, ready],
    [loaded, withControl, grouped, ready, armed, sent],
  ]) {
    const run = started();
    const state = run.send(...events);
    const since = run.context().sinceMs;
    run.clock.set(since + 999);
    assert.deepEqual(
      run.effects.filter((effect) => effect.startsWith('giveUp')),
      [],
      state,
    );
    run.clock.set(since + 1_000);
    assert.ok(run.effects.includes(`giveUp at ${since + 1_000}`), state);
  }
});

test('the tests of a phase have one T0, whoever conducts the run', () => {
  const run = started();
  run.send(loaded, plain, grouped, ready, t0('main', 5_000), t0('main', 6_000));
  assert.deepEqual(run.context().t0, { main: 5_000 });
});

test('what was begun is made quiet, then what there is is judged', () => {
  const abort = started();
  assert.equal(abort.send(loaded, plain, grouped, aborted), 'stopping');
  abort.clock.set(aborted.atMs + 15_000);
  assert.equal(abort.effects.at(-1), `endStopping at ${aborted.atMs + 15_000}`);
  assert.equal(abort.send(quiet, collected, { type: 'JUDGED', atMs: 1, verdict: 'fail' }), 'aborted');
  assert.equal(abort.context().verdict, 'fail');
  const halt = started();
  assert.equal(halt.send(loaded, plain, grouped, stuck, quiet, collected), 'judging');
  assert.deepEqual(halt.context().stuck, { step: 'grouping', message: 'south cannot be reached' });
});

test('judging does not wait for ever, and nobody else can end it', () => {
  const run = started();
  assert.equal(run.send(loaded, plain, grouped, aborted, quiet, collected), 'judging');
  const since = run.clock.now();
  run.clock.set(since + 599_999);
  assert.deepEqual(
    run.effects.filter((effect) => effect.startsWith('giveUp')),
    [],
  );
  run.clock.set(since + 600_000);
  assert.equal(run.effects.at(-1), `giveUp at ${since + 600_000}`);
  assert.equal(run.send(aborted), 'judging');
  assert.equal(run.send(stuck), 'unknown');
});

test('before nodes were told anything, a run ends without being judged', () => {
  for (const events of [[], [loaded]]) {
    assert.equal(started().send(...events, aborted), 'aborted');
    assert.equal(started().send(...events, stuck), 'unknown');
  }
});

const [first] = initialTransition(runMachine, machines.run.input);
const keyOf = (snapshot: RunSnapshot) => JSON.stringify([stateName(snapshot), snapshot.context]);

test('every state of the run is reached, and invariants hold on every path', () => {
  const states = walk(runMachine, first, runSamples, keyOf, ({ before, event, after }) => {
    const told = `${stateName(before)} -${event.type}-> ${stateName(after)}`;
    const { context } = after;
    if (before.status === 'done') assert.equal(stateName(after), stateName(before), told);
    if (['passed', 'failed'].includes(stateName(after))) {
      assert.equal(context.aborted, undefined, `aborted, and judged as if not: ${told}`);
      assert.notEqual(context.verdict, undefined, told);
    }
    if (stateName(after) === 'aborted') assert.notEqual(context.aborted, undefined, told);
    if (stateName(after) === 'refused') assert.notEqual(context.stuck, undefined, told);
    for (const phase of ['joining', 'control', 'main'] as const) {
      const was = before.context.t0[phase];
      if (was !== undefined) assert.equal(context.t0[phase], was, `T0 moved: ${told}`);
    }
    if (event.type === 'ABORTED' && before.status !== 'done' && stateName(before) !== 'judging')
      assert.notEqual(context.aborted, undefined, `does not hear that it is aborted: ${told}`);
  });
  assert.deepEqual([...states].sort(), everyState(runMachine).sort());
});
