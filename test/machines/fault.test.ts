import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createActor, initialTransition, SimulatedClock } from 'xstate';
import {
  type FaultEvent,
  type FaultInput,
  faultMachine,
  nearMs,
  soundingUntil,
  stateName,
} from '../../machines/fault.js';
import { faultSamples, machines } from '../../machines/index.js';
import { everyState, walk } from './walk.js';

/** A fault on a clock that stands still, with its effects written down; it begins at 10 s and lasts 5 s. */
function started(input: Partial<FaultInput> = {}) {
  const clock = new SimulatedClock();
  const effects: string[] = [];
  const note = (name: string) => () => void effects.push(`${name} at ${clock.now()}`);
  const left = (atMs: number) => Math.max(0, atMs - clock.now());
  const machine = faultMachine.provide({
    actions: {
      prepare: note('prepare'),
      begin: note('begin'),
      inject: note('inject'),
      undo: note('undo'),
      sound: note('sound'),
      watch: note('watch'),
      unwatch: note('unwatch'),
      check: note('check'),
    },
    delays: {
      untilNear: ({ context }) => left(context.startAtMs - nearMs),
      untilStart: ({ context }) => left(context.startAtMs),
      untilSounded: ({ context }) => left(soundingUntil(context, clock.now())),
      untilOver: ({ context }) => left(context.startAtMs + context.forMs),
    },
  });
  const actor = createActor(machine, { input: { ...machines.fault.input, ...input }, clock }).start();
  const send = (...events: FaultEvent[]) => {
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

const armed: FaultEvent = { type: 'ARMED', atMs: 0 };
const begun: FaultEvent = { type: 'BEGUN', atMs: 10_000 };
const injected: FaultEvent = { type: 'INJECTED', by: 'nft', atMs: 10_020 };
const healed: FaultEvent = { type: 'HEALED', atMs: 15_001 };
const sounded: FaultEvent = { type: 'SOUNDED' };
const proven: FaultEvent = { type: 'PROVEN', outcome: 'confirmed', reason: 'nothing came through' };
const healAsked: FaultEvent = { type: 'HEAL_ASKED' };
const booted: FaultEvent = { type: 'BOOTED' };
const failed: FaultEvent = { type: 'HEAL_FAILED', code: 'NFT_FAILED', message: 'no' };
const acting = [armed, begun, injected];

test('it is made ready, injected, undone and checked at its times', () => {
  const one = started();
  assert.equal(one.send(armed), 'waiting');
  one.clock.increment(6_999);
  assert.deepEqual(one.effects, []);
  one.clock.increment(1);
  assert.equal(one.send(sounded), 'sounding.sounded');
  one.clock.increment(2_999);
  assert.deepEqual(one.effects, ['prepare at 7000', 'sound at 7000']);
  one.clock.increment(1);
  assert.equal(one.send(begun), 'injecting');
  assert.equal(one.send(injected), 'injected');
  one.clock.increment(4_999);
  assert.equal(one.state(), 'injected');
  one.clock.increment(1);
  assert.equal(one.state(), 'healing.undoing');
  assert.equal(one.send(healed), 'checking');
  assert.deepEqual(one.effects.slice(2), [
    ...['begin at 10000', 'unwatch at 10000', 'inject at 10000', 'watch at 10000'],
    ...['unwatch at 15000', 'undo at 15000', 'check at 15000'],
  ]);
  assert.equal(one.send(proven), 'healed');
  const { by, injectedAtMs, healedAtMs, why, proof } = one.context();
  assert.deepEqual([by, injectedAtMs, healedAtMs, why], ['nft', 10_020, 15_001, undefined]);
  assert.deepEqual(proof, { outcome: 'confirmed', reason: 'nothing came through' });
});

test('it comes at its time though canaries are slow, and somewhat later only where there was no time for them', () => {
  const slow = started();
  slow.send(armed);
  slow.clock.increment(7_000);
  slow.clock.increment(2_999);
  assert.equal(slow.state(), 'sounding.looking');
  slow.clock.increment(1);
  slow.clock.increment(0);
  assert.equal(slow.effects.at(-1), 'begin at 10000');
  const late = started({ startAtMs: 0 });
  late.send(armed);
  late.clock.increment(0);
  late.clock.increment(249);
  assert.equal(late.state(), 'sounding.looking');
  late.clock.increment(1);
  late.clock.increment(0);
  assert.equal(late.effects.at(-1), 'begin at 250');
  const brief = started({ startAtMs: 0, forMs: 100 });
  brief.send(armed);
  brief.clock.increment(0);
  brief.clock.increment(25);
  brief.clock.increment(0);
  assert.equal(brief.effects.at(-1), 'begin at 25');
  const quick = started({ startAtMs: 0 });
  quick.send(armed);
  quick.clock.increment(1);
  quick.send(sounded);
  quick.clock.increment(0);
  assert.equal(quick.effects.at(-1), 'begin at 1');
});

test('its end waits for no canary, and the proof for no canary for ever', () => {
  const one = started();
  one.send(...acting, healAsked);
  assert.deepEqual(one.effects.slice(-2), ['unwatch at 0', 'undo at 0']);
  assert.equal(one.send(healed), 'checking');
  one.clock.increment(29_999);
  assert.equal(one.state(), 'checking');
  one.clock.increment(1);
  assert.equal(one.state(), 'healed');
  assert.equal(one.context().proof?.outcome, 'inconclusive');
});

test('one whose whole time has passed is missed, and one that is late in its time is not', () => {
  assert.equal(started().send({ type: 'ARMED', atMs: 15_000 }), 'missed');
  assert.equal(started().send({ type: 'ARMED', atMs: 14_999 }), 'waiting');
  assert.equal(started().send(armed, { type: 'BEGUN', atMs: 15_000 }), 'missed');
  assert.equal(started().send(armed, { type: 'BEGUN', atMs: 14_999 }), 'injecting');
  const atOnce = { kind: 'restart', forMs: 0 };
  assert.equal(started(atOnce).send(armed, { type: 'BEGUN', atMs: 15_000 }), 'missed');
  assert.equal(started(atOnce).send(armed, { type: 'BEGUN', atMs: 14_999 }), 'injecting');
});

test('one that takes no time is undone as soon as it is done', () => {
  const one = started({ kind: 'restart', forMs: 0 });
  one.clock.increment(10_000);
  one.send(...acting);
  one.clock.increment(0);
  assert.equal(one.state(), 'healing.undoing');
});

test('what is refused has its reason, and does nothing more', () => {
  const refused: FaultEvent = { type: 'REFUSED', code: 'UNSUPPORTED', message: 'no nft' };
  for (const before of [[], [armed, begun]]) {
    const one = started();
    assert.equal(one.send(...before, refused), 'refused');
    assert.deepEqual(one.context().why, { code: 'UNSUPPORTED', message: 'no nft' });
    one.clock.increment(60_000);
    assert.equal(one.send(begun, injected, healAsked), 'refused');
  }
});

test('somebody can end it before its time, at its time, and never too late', () => {
  assert.equal(started().send(armed, healAsked), 'cancelled');
  assert.equal(started().send(armed, healAsked, begun), 'cancelled');
  assert.equal(started().send(armed, begun, healAsked), 'injecting');
  assert.equal(started().send(armed, begun, healAsked, injected), 'healing.undoing');
  assert.equal(started().send(...acting, healAsked), 'healing.undoing');
  assert.equal(started().send(...acting, healAsked, healed, healAsked, proven, healAsked), 'healed');
  const sounding = started();
  sounding.send(armed);
  sounding.clock.increment(7_000);
  assert.equal(sounding.send(healAsked, begun), 'cancelled');
});

test('an agent that starts again undoes whatever may have been done', () => {
  assert.equal(started().send(armed, booted), 'waiting');
  for (const before of [[armed, begun], acting, [...acting, healAsked], [...acting, healAsked, failed]]) {
    const one = started();
    assert.equal(one.send(...before, booted), 'healing.undoing');
    assert.match(one.effects.at(-1) ?? '', /^undo/);
  }
  const checking = started();
  assert.equal(checking.send(...acting, healAsked, healed, booted), 'checking');
  assert.equal(checking.effects.filter((effect) => effect.startsWith('check')).length, 2);
  assert.equal(checking.send(proven), 'healed');
});

test('what is told of its end is believed in whatever state it acts: somebody else may have ended it', () => {
  const ended: FaultEvent = { type: 'HEALED', atMs: 12_000, code: 'AGENT_ENDED', message: 'it ended' };
  for (const before of [[armed, begun], acting, [...acting, healAsked], [...acting, healAsked, failed]]) {
    const one = started();
    assert.equal(one.send(...before, ended), 'checking');
    assert.deepEqual(one.context().why, { code: 'AGENT_ENDED', message: 'it ended' });
  }
});

test('an undo that fails is tried again, later each time; after twenty it is stuck until somebody asks', () => {
  const one = started();
  one.send(...acting, healAsked);
  for (let failures = 1; failures < 20; failures++) {
    assert.equal(one.send(failed), 'healing.resting');
    one.clock.increment(15_000);
    assert.equal(one.state(), 'healing.undoing');
  }
  assert.equal(one.send(failed), 'stuck');
  assert.deepEqual(one.context().why, { code: 'NFT_FAILED', message: 'no' });
  one.clock.increment(3_600_000);
  assert.equal(one.state(), 'stuck');
  assert.equal(one.send(healAsked), 'healing.undoing');
  assert.equal(one.send(failed, healAsked), 'healing.undoing', 'a pause between two attempts is cut short');
  assert.equal(one.send(healed, proven), 'healed');
  assert.equal(one.context().why, undefined);
});

test('every state of the fault is reached, and invariants hold on every path', () => {
  const [first] = initialTransition(faultMachine, machines.fault.input);
  const key = (snapshot: typeof first) => JSON.stringify([stateName(snapshot), snapshot.context]);
  const states = walk(faultMachine, first, faultSamples, key, ({ before, event, after }) => {
    const told = `${stateName(before)} -${event.type}-> ${stateName(after)} ${JSON.stringify(after.context)}`;
    const { injectedAtMs, healedAtMs, why, proof } = after.context;
    const state = stateName(after);
    if (before.status === 'done') assert.equal(state, stateName(before), told);
    if (['injected', 'stuck'].includes(stateName(before)) || stateName(before).startsWith('healing')) {
      const ends = ['injected', 'healing.undoing', 'healing.resting', 'stuck', 'checking'];
      assert.ok(ends.includes(state), `what acts was forgotten: ${told}`);
    }
    assert.equal(['checking', 'healed'].includes(state), healedAtMs !== undefined, told);
    assert.equal(state === 'healed', proof !== undefined, told);
    if (state === 'injected') assert.notEqual(injectedAtMs, undefined, told);
    if (['refused', 'missed', 'stuck', 'healing.resting'].includes(state))
      assert.notEqual(why, undefined, told);
    if (['refused', 'missed', 'cancelled'].includes(state)) assert.equal(injectedAtMs, undefined, told);
  });
  assert.deepEqual([...states].sort(), everyState(faultMachine).sort());
});

test('whatever is told, a fault that acts is undone before it has ended', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...Object.values(faultSamples).flat()), { maxLength: 30 }),
      (events) => {
        const one = started();
        for (const event of events) one.send(event);
        one.clock.increment(15_000);
        one.clock.increment(15_000);
        assert.ok(!['injected', 'healing.resting'].includes(one.state()), one.state());
      },
    ),
    { numRuns: 300 },
  );
});
