import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AnyStateMachine, createActor, createMachine } from 'xstate';
import { type DefinedState, definitionOf } from '../../../machines/definition.js';
import { machines } from '../../../machines/index.js';
import { stateName } from '../../../machines/state-name.js';
import { activeStates, leaves, tagsOf } from '../../../src/inspector/page/views/machine/active.js';
import {
  type Chart,
  chartOf,
  edgeText,
  type StateTree,
} from '../../../src/inspector/page/views/machine/chart.js';
import { headPath, linePath } from '../../../src/inspector/page/views/machine/edge-path.js';
import { fit, moved, nearer, readably } from '../../../src/inspector/page/views/machine/zoom.js';

const nowhere = { x: 0, y: 0, width: 0, height: 0 };

function tree(state: DefinedState): StateTree {
  return { ...state, box: nowhere, states: state.states.map(tree) };
}

function chart(machine: AnyStateMachine): Chart {
  const { machine: name, root, edges } = definitionOf(machine);
  const shapes = edges.map((edge) => ({ ...edge, operation: undefined, points: [], label: undefined }));
  return chartOf(name, 'hash', tree(root), shapes);
}

const nested = createMachine({
  id: 'nested',
  type: 'parallel',
  states: {
    a: {
      type: 'parallel',
      states: {
        b: { initial: 'x', states: { x: {}, y: {} } },
        c: { initial: 'x', states: { x: { tags: ['bad'] }, y: {} } },
      },
    },
    b: { initial: 'x', states: { x: {}, z: { initial: 'deep', states: { deep: {} } } } },
  },
});

test('the states that are entered are read from their name, in regions within regions too', () => {
  const snapshot = createActor(nested).getSnapshot();
  const name = stateName(snapshot);
  assert.equal(name, 'a.b.x+c.x+b.x');
  const active = activeStates(chart(nested), name);
  const paths = ['', 'a', 'a.b', 'a.b.x', 'a.c', 'a.c.x', 'b', 'b.x'];
  assert.deepEqual([...active].sort(), paths);
  assert.deepEqual([...leaves(chart(nested), active)].sort(), ['a.b.x', 'a.c.x', 'b.x']);
  assert.deepEqual(tagsOf(chart(nested), active), ['bad']);
  assert.deepEqual([...activeStates(chart(nested), 'a.b.y+c.x+b.z.deep')].sort(), [
    '',
    'a',
    'a.b',
    'a.b.y',
    'a.c',
    'a.c.x',
    'b',
    'b.z',
    'b.z.deep',
  ]);
});

test('every state of every machine of ours is found by its name, with all that it is in', () => {
  for (const { machine } of Object.values(machines)) {
    const drawn = chart(machine);
    for (const { path, type } of drawn.states) {
      if (type === 'compound' || type === 'parallel') continue;
      const active = activeStates(drawn, path);
      const parts = path.split('.');
      const around = parts.map((_, at) => parts.slice(0, at + 1).join('.'));
      assert.deepEqual([...active].sort(), ['', ...around].sort(), `${drawn.machine} ${path}`);
    }
  }
});

test('a state that the definition does not have lights nothing, and none at all the machine', () => {
  assert.deepEqual([...activeStates(chart(nested), 'elsewhere')], []);
  assert.deepEqual([...activeStates(chart(nested), '')], ['']);
});

test('an edge says its event and its guard, and that it is taken by itself', () => {
  assert.equal(edgeText({ event: 'DRAIN', guard: '' }), 'DRAIN');
  assert.equal(edgeText({ event: 'after backoff', guard: 'hasPlace' }), 'after backoff [hasPlace]');
  assert.equal(edgeText({ event: '', guard: 'anyReady' }), '[anyReady]');
  assert.equal(edgeText({ event: '', guard: '' }), 'always');
});

test('a line goes from its first to its last point, and its head points where it ends', () => {
  const points = [
    { x: 0, y: 0 },
    { x: 0, y: 40 },
    { x: 30, y: 40 },
  ];
  assert.equal(linePath(points), 'M0 0L0 34Q0 40 6 40L30 40');
  const corner = [
    { x: 0, y: 0 },
    { x: 0, y: 8 },
    { x: 8, y: 8 },
  ];
  assert.equal(linePath(corner), 'M0 0L0 4Q0 8 4 8L8 8', 'a short part is not overshot');
  assert.equal(headPath(points), 'M30 40L22 43.5L22 36.5Z');
  assert.equal(linePath([]) + headPath([]) + headPath([{ x: 1, y: 1 }]), '');
});

const extent = fc.record({
  width: fc.integer({ min: 50, max: 5_000 }),
  height: fc.integer({ min: 50, max: 5_000 }),
});
const point = fc.record({ x: fc.integer({ min: 0, max: 900 }), y: fc.integer({ min: 0, max: 900 }) });

test('zooming keeps the point under the pointer, and a drawing that fits is seen whole', () => {
  fc.assert(
    fc.property(
      extent,
      extent,
      point,
      fc.double({ min: 0.2, max: 5, noNaN: true }),
      (drawing, frame, at, factor) => {
        const whole = fit(drawing, frame);
        assert.ok(whole.scale <= 1);
        const near = nearer(whole, factor, at);
        assert.ok(Math.abs(near.x + at.x / near.scale - (whole.x + at.x / whole.scale)) < 1e-6);
        const dragged = moved(near, drawing, frame, 1e6, -1e6);
        assert.ok(
          dragged.x < drawing.width && dragged.y + frame.height / dragged.scale > 0,
          'some of it stays in sight',
        );
        const seen = readably(drawing, frame, { x: drawing.width / 2, y: drawing.height / 2 });
        assert.ok(seen.scale >= 0.75 || seen.scale === whole.scale);
      },
    ),
  );
});

test('what is too large to be read as a whole is seen around its point of interest', () => {
  const frame = { width: 600, height: 400 };
  const drawing = { width: 4_000, height: 3_000 };
  for (const interest of [
    { x: 10, y: 10 },
    { x: 2_000, y: 1_500 },
    { x: 3_990, y: 2_990 },
  ]) {
    const { x, y, scale } = readably(drawing, frame, interest);
    assert.equal(scale, 0.75);
    assert.ok(x <= interest.x && interest.x <= x + frame.width / scale, `${x}`);
    assert.ok(y <= interest.y && interest.y <= y + frame.height / scale, `${y}`);
  }
});
