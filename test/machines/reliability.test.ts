import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createActor, initialTransition, SimulatedClock } from 'xstate';
import { reliabilitySamples } from '../../machines/index.js';
import {
  type ReliabilityEvent,
  type ReliabilitySnapshot,
  reliabilityMachine,
} from '../../machines/reliability.js';
import { stateName } from '../../machines/state-name.js';
import { everyState, walk } from './walk.js';

/**
 * A node on a clock that stands still; each draw gives what `lots` says next, and then no outage. `ends` say of each draw how
 * late it is, milliseconds, or why it fails.
 */
function started(lots: readonly boolean[] = [], ends: readonly (number | string)[] = []) {
  const clock = new SimulatedClock();
  const effects: string[] = [];
  const note = (name: string) => void effects.push(`${name} at ${clock.now()}`);
  const left = (atMs: number) => Math.max(0, atMs - clock.now());
  let number = 0;
  const machine = reliabilityMachine.provide({
    actions: {
      draw: () => {
        note('draw');
        const hit = lots[number] === true;
        const end = ends[number] ?? 0;
        number += 1;
        if (typeof end === 'number') actor.send({ type: 'DRAWN', number, hit, atMs: clock.now() + end });
        else actor.send({ type: 'DRAW_FAILED', code: end, message: end, atMs: clock.now() });
      },
      cut: () => note('cut'),
      mend: () => note('mend'),
    },
    delays: { untilDraw: ({ context }) => left(context.dueMs) },
  });
  const actor = createActor(machine, { clock }).start();
  const send = (...events: ReliabilityEvent[]) => {
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

const setting = { timeoutMs: 10_000, odds: 3, lotsOf: 's1' };
const set: ReliabilityEvent = { type: 'SET', ...setting, drawn: 0, hits: 0, dueMs: 10_000 };
const off: ReliabilityEvent = { type: 'SWITCHED_OFF' };

test('nothing is drawn before it is set, and never again when it is switched off', () => {
  const node = started([true]);
  assert.equal(node.after(3_600_000), 'off');
  assert.equal(node.send(off), 'off');
  assert.equal(node.send(set, off), 'off');
  node.after(3_600_000);
  assert.deepEqual(node.effects, []);
  assert.deepEqual([node.context().timeoutMs, node.context().odds], [0, 0]);
});

test('a lot is drawn each time the time is over, and one that hits cuts the network off until the next', () => {
  const node = started([false, true, true, false]);
  assert.equal(node.send(set), 'waiting');
  node.after(9_999);
  assert.deepEqual(node.effects, []);
  assert.equal(node.after(1), 'waiting');
  assert.equal(node.after(10_000), 'out');
  node.send({ type: 'OUTAGE_BEGUN', by: 'link by userspace' });
  assert.equal(node.context().by, 'link by userspace');
  assert.equal(node.after(9_999), 'out');
  assert.equal(node.after(1), 'out');
  assert.equal(node.after(10_000), 'waiting');
  assert.deepEqual(node.effects, [
    ...['draw at 10000', 'draw at 20000', 'cut at 20000'],
    ...['mend at 30000', 'draw at 30000', 'cut at 30000', 'mend at 40000', 'draw at 40000'],
  ]);
  assert.deepEqual([node.context().drawn, node.context().hits], [4, 2]);
});

test('draws stay in step though one is late, and begin anew where one came too late or the clock was set', () => {
  const node = started([], [700, 10_000, -5_000]);
  node.send(set);
  node.after(10_000);
  assert.equal(node.context().dueMs, 20_000);
  node.after(10_000);
  assert.equal(node.context().dueMs, 40_000);
  node.after(20_000);
  assert.equal(node.context().dueMs, 45_000);
});

test('who switches it off or changes it ends an outage that goes on, and so does the end of the agent', () => {
  const enders: readonly [ReliabilityEvent, string][] = [
    [off, 'off'],
    [{ ...set, odds: 7, dueMs: 30_000 }, 'waiting'],
    [{ type: 'STOP' }, 'stopped'],
  ];
  for (const [event, state] of enders) {
    const node = started([true]);
    node.send(set);
    assert.equal(node.after(10_000), 'out');
    assert.equal(node.send(event), state);
    assert.equal(node.effects.at(-1), 'mend at 10000');
  }
});

test('an outage that cannot be made, or a lot that is not safe, is told and passed over', () => {
  const node = started([true]);
  node.send(set);
  node.after(10_000);
  assert.equal(node.send({ type: 'OUTAGE_REFUSED', code: 'NFT_FAILED', message: 'no' }), 'unable');
  assert.deepEqual(node.context().why, { code: 'NFT_FAILED', message: 'no' });
  assert.equal(node.after(10_000), 'waiting');
  assert.equal(node.context().why, undefined);

  const unsafe = started([false, true], ['DISK_FULL']);
  unsafe.send(set);
  assert.equal(unsafe.after(10_000), 'unable');
  assert.equal(unsafe.context().why?.code, 'DISK_FULL');
  assert.deepEqual([unsafe.context().drawn, unsafe.context().dueMs], [0, 20_000]);
  assert.equal(unsafe.after(10_000), 'out');
});

test('one that was taken up after a restart goes on counting', () => {
  const node = started();
  node.send({ type: 'SET', ...setting, drawn: 41, hits: 9, dueMs: 4_000 });
  assert.deepEqual([node.context().drawn, node.context().hits], [41, 9]);
  node.after(3_999);
  assert.deepEqual(node.effects, []);
  node.after(1);
  assert.deepEqual(node.effects, ['draw at 4000']);
});

test('every state of the outages is reached, and invariants hold on every path', () => {
  const [first] = initialTransition(reliabilityMachine);
  const key = (snapshot: ReliabilitySnapshot) =>
    JSON.stringify([
      stateName(snapshot),
      { ...snapshot.context, hits: Math.min(2, snapshot.context.hits), dueMs: 0 },
    ]);
  const states = walk(reliabilityMachine, first, reliabilitySamples, key, ({ before, event, after }) => {
    const [from, to] = [stateName(before), stateName(after)];
    const told = `${from} -${event.type}-> ${to} ${JSON.stringify(after.context)}`;
    const { odds, timeoutMs, why } = after.context;
    if (from === 'stopped') assert.equal(to, 'stopped', `it came back: ${told}`);
    if (to === 'out' && from !== 'out') {
      assert.equal(from, 'drawing', `cut without a draw: ${told}`);
      assert.ok('hit' in event && event.hit === true, `cut by a lot that does not hit: ${told}`);
    }
    if (to === 'unable') assert.notEqual(why, undefined, `does not say why: ${told}`);
    if (['waiting', 'drawing', 'out', 'unable'].includes(to)) assert.ok(odds > 0 && timeoutMs > 0, told);
    if (to === 'off') assert.deepEqual([odds, timeoutMs, why], [0, 0, undefined], told);
    if (event.type === 'SWITCHED_OFF' && from !== 'stopped') assert.equal(to, 'off', told);
  });
  assert.deepEqual([...states].sort(), everyState(reliabilityMachine).sort());
});
