import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { createMachine } from 'xstate';
import { definitionOf, leafStates, type MachineDefinition } from '../../../machines/definition.js';
import { machines } from '../../../machines/index.js';
import type { Box } from '../../../src/gen/postern/v1/inspector.js';
import type { Drawing } from '../../../src/inspector/layout/drawing.js';
import { Layouts } from '../../../src/inspector/layout/layouts.js';
import { testLog } from '../../support/nats.js';

/** How far two boxes lie within each other, pixels, the smaller of both ways; below 1 they do not overlap. */
function overlap(a: Box, b: Box): number {
  const wide = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const high = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return Math.min(wide, high);
}

/** Throws where something is drawn over another, or not at all. */
function assertReadable(definition: MachineDefinition, drawing: Drawing | undefined): asserts drawing {
  assert.ok(drawing, `${definition.machine} is not drawn`);
  const leaves = leafStates(definition.root).map(({ path }) => ({
    path,
    box: drawing.states.get(path) ?? assert.fail(`${path} has no place`),
  }));
  for (const [i, one] of leaves.entries()) {
    for (const other of leaves.slice(i + 1)) {
      assert.ok(overlap(one.box, other.box) < 1, `${one.path} and ${other.path} lie over each other`);
    }
  }
  for (const { id, targets } of definition.edges) {
    if (targets.length === 0) continue;
    const edge = drawing.edges.get(id) ?? assert.fail(`${id} has no place`);
    assert.ok(edge.points.length >= 2, `${id} has no line`);
    assert.ok(edge.points.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)));
    for (const { path, box } of leaves) {
      assert.ok(overlap(edge.label, box) < 1, `the label of ${id} covers ${path}`);
    }
  }
}

/** Random machines of one to three levels, with edges from any state to any other. */
const machine = fc
  .record({
    shape: fc.array(fc.array(fc.nat({ max: 3 }), { minLength: 0, maxLength: 3 }), {
      minLength: 1,
      maxLength: 5,
    }),
    edges: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat({ max: 5 }), fc.boolean()), { maxLength: 25 }),
  })
  .map(({ shape, edges }) => {
    type Config = {
      id: string;
      initial?: string;
      states: Record<string, Config>;
      on: Record<string, object[]>;
    };
    const all: Config[] = [];
    const state = (id: string, inner: Record<string, Config>): Config => {
      const [initial] = Object.keys(inner);
      const made = { id, ...(initial === undefined ? {} : { initial }), states: inner, on: {} };
      all.push(made);
      return made;
    };
    const named = <T>(prefix: string, items: readonly T[], make: (item: T, id: string) => Config) =>
      Object.fromEntries(items.map((item, i) => [`${prefix}${i}`, make(item, `${prefix}${i}`)]));
    const states = named('a', shape, (second, id) =>
      state(
        id,
        named(`${id}b`, second, (count, inner) =>
          state(
            inner,
            named(`${inner}c`, Array.from({ length: count }), (_, leaf) => state(leaf, {})),
          ),
        ),
      ),
    );
    for (const [from, to, event, guarded] of edges) {
      const source = all[from % all.length];
      const target = all[to % all.length];
      if (source === undefined || target === undefined) continue;
      const edge = { target: `#${target.id}`, reenter: true, ...(guarded ? { guard: 'isSo' } : {}) };
      source.on[`EVENT_${event}`] = [...(source.on[`EVENT_${event}`] ?? []), edge];
    }
    return definitionOf(createMachine({ id: 'random', initial: 'a0', states }));
  });

describe('the drawing of a machine', () => {
  const layouts = new Layouts(testLog);
  after(() => layouts.stop());

  for (const [name, { machine: own }] of Object.entries(machines)) {
    it(`is readable for ${name}, and fits on a few screens`, async () => {
      const definition = definitionOf(own);
      const drawing = await layouts.of(name, definition);
      assertReadable(definition, drawing);
      const root = drawing.states.get('') ?? assert.fail();
      assert.ok(root.width < 2_000 && root.height < 2_000, `${root.width} x ${root.height}`);
    });
  }

  it('has room for what a state does when it is entered and left', async () => {
    const states = {
      a: { entry: 'hearWhatTheHubSays', exit: 'hearNothingAnyMore', on: { NEXT: 'b' } },
      b: {},
    };
    const drawing = await layouts.of(
      'deeds',
      definitionOf(createMachine({ id: 'deeds', initial: 'a', states })),
    );
    const [busy, idle] = [
      drawing?.states.get('a') ?? assert.fail(),
      drawing?.states.get('b') ?? assert.fail(),
    ];
    // About the widest that 11 pixels high letters of common fonts are.
    assert.ok(busy.width >= 'entry hearWhatTheHubSays'.length * 6, `${busy.width}`);
    assert.ok(idle.width < 80, `${idle.width}`);
  });

  it('is the same each time', async () => {
    const definition = definitionOf(machines.link.machine);
    const again = new Layouts(testLog);
    assert.deepEqual(await again.of('link', definition), await layouts.of('link', definition));
    again.stop();
  });

  it('is readable for any machine', async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(machine, async (definition) => {
        count++;
        assertReadable(definition, await layouts.of(`random ${count}`, definition));
      }),
      { numRuns: 25 },
    );
  });
});
