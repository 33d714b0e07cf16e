import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makePlan } from '../../../src/controller/plan/make-plan.js';
import type { PlannedFault } from '../../../src/controller/plan/plan.js';
import { namedNodes } from '../../../src/controller/scenario/scenario.js';
import { read } from '../scenarios.js';

/** The faults of a plan with `count` nodes `n-1`, …, and with `x` and `y`. */
const faultsOf = (rule: string, count: number, seed: string): readonly PlannedFault[] => {
  const scenario = read(`
nodes: {n: {count: ${count}}, x: , y: }
groups: {g: {tests: {t: {type: text, amount: 61}}}}
faults: [${rule}]
`);
  return makePlan(scenario, namedNodes(scenario), seed).faults;
};
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `n-${i + 1}`);

/** Whether what one says reaches another, by what both of them do. */
const reaches = (faults: readonly PlannedFault[], from: string, to: string): boolean =>
  !faults.some(
    ({ node, shape }) =>
      (node === from && shape.direction !== 'in' && shape.from.includes(to)) ||
      (node === to && shape.direction !== 'out' && shape.from.includes(from)),
  );
/** Whether both ends of each way that is cut do their part. */
const bothDo = (faults: readonly PlannedFault[]): boolean =>
  faults.every(({ node, shape }) =>
    shape.from.every((other) =>
      faults.some(
        (one) =>
          one.node === other &&
          one.shape.from.includes(node) &&
          (one.shape.direction === 'both') === (shape.direction === 'both') &&
          (one.shape.direction === 'both' || one.shape.direction !== shape.direction),
      ),
    ),
  );
/** The nodes that each reaches, in both ways. */
const reached = (faults: readonly PlannedFault[], nodes: readonly string[]): Map<string, string[]> =>
  new Map(
    nodes.map((node) => [
      node,
      nodes.filter((other) => other !== node && reaches(faults, node, other) && reaches(faults, other, node)),
    ]),
  );

const seed = fc.string({ minLength: 1, maxLength: 8 });
const sizes = fc.integer({ min: 4, max: 12 });
const holds = (
  rule: string,
  check: (faults: readonly PlannedFault[], nodes: readonly string[]) => void,
): void =>
  fc.assert(
    fc.property(sizes, seed, (count, from) => {
      const faults = faultsOf(rule, count, from);
      assert.ok(bothDo(faults));
      for (const { kind, shape, node } of faults) {
        assert.deepEqual([kind, shape.scope], ['partition', 'daemon']);
        assert.ok(shape.from.length > 0 && !shape.from.includes(node));
      }
      check(faults, names(count));
    }),
    { numRuns: 15 },
  );

test('halves are two sides that cover all, as large as each other or by one', () => {
  holds('{partition: halves, nodes: n, for: 1s}', (faults, nodes) => {
    const sees = reached(faults, nodes);
    const sides = new Set(nodes.map((node) => [node, ...(sees.get(node) ?? [])].sort().join()));
    const [one = [], other = []] = [...sides].map((side) => side.split(','));
    assert.equal(sides.size, 2);
    assert.equal(one.length + other.length, nodes.length);
    assert.ok(Math.abs(one.length - other.length) <= 1);
  });
});

test('halves that are named are these', () => {
  const faults = faultsOf('{partition: {halves: [[n, x], y]}, for: 1s}', 2, 's');
  assert.deepEqual(
    faults.map(({ node, shape: { from, direction } }) => [node, from, direction]),
    [
      ['n-1', ['y'], 'both'],
      ['n-2', ['y'], 'both'],
      ['x', ['y'], 'both'],
      ['y', ['n-1', 'n-2', 'x'], 'both'],
    ],
  );
});

test('one is cut from all others, which still reach each other', () => {
  holds('{partition: one, nodes: n, for: 1s}', (faults, nodes) => {
    const alone = nodes.filter((node) => reached(faults, nodes).get(node)?.length === 0);
    assert.equal(alone.length, 1);
    for (const node of nodes.filter((each) => !alone.includes(each))) {
      assert.equal(reached(faults, nodes).get(node)?.length, nodes.length - 2);
    }
  });
  const named = faultsOf('{partition: {one: n-2}, nodes: n, for: 1s}', 4, 's');
  assert.deepEqual(named.find(({ node }) => node === 'n-2')?.shape.from, ['n-1', 'n-3', 'n-4']);
});

test('in a ring each reaches exactly two, and the way around comes by all', () => {
  holds('{partition: ring, nodes: n, for: 1s}', (faults, nodes) => {
    const sees = reached(faults, nodes);
    for (const node of nodes) assert.equal(sees.get(node)?.length, 2, node);
    const around = new Set<string>();
    for (let at = nodes[0]; at !== undefined; at = sees.get(at)?.find((next) => !around.has(next))) {
      around.add(at);
    }
    assert.equal(around.size, nodes.length);
  });
});

test('one way is cut and the other one is not', () => {
  holds('{partition: {one-way: {from: n, to: [x, y]}}, for: 1s}', (faults, nodes) => {
    for (const node of nodes) {
      for (const other of ['x', 'y']) {
        assert.ok(!reaches(faults, node, other) && reaches(faults, other, node));
      }
    }
    assert.ok(reaches(faults, 'x', 'y') && reaches(faults, 'n-1', 'n-2'));
  });
});

test('the bridge reaches both halves, which do not reach each other', () => {
  holds('{partition: bridge, nodes: n, for: 1s}', (faults, nodes) => {
    const sees = reached(faults, nodes);
    const bridges = nodes.filter((node) => sees.get(node)?.length === nodes.length - 1);
    assert.equal(bridges.length, 1);
    const others = nodes.filter((node) => !bridges.includes(node));
    const sides = new Set(others.map((node) => [node, ...(sees.get(node) ?? [])].sort().join()));
    assert.equal(sides.size, 2);
    assert.ok(!faults.some(({ node }) => bridges.includes(node)));
  });
  const named = faultsOf('{partition: {bridge: x}, for: 1s}', 4, 's');
  assert.ok(named.length === 5 && !named.some(({ node, shape }) => [node, ...shape.from].includes('x')));
});

test('what comes again is drawn anew, and all of it comes or nothing', () => {
  const faults = faultsOf('{partition: halves, nodes: n, every: 2s, odds: 2, for: 1s}', 7, 'again');
  const byTime = new Map<number, PlannedFault[]>();
  for (const fault of faults) byTime.set(fault.atMs, [...(byTime.get(fault.atMs) ?? []), fault]);
  assert.ok(byTime.size > 5 && byTime.size < 25, `${byTime.size} of 30`);
  for (const some of byTime.values()) assert.equal(some.length, 7);
  const sides = new Set(
    [...byTime.values()].map((some) => some.map(({ shape }) => shape.from.join()).join(';')),
  );
  assert.ok(sides.size > byTime.size / 2);
});

test('nodes that are too few when it is known are told', () => {
  const scenario = read(`
nodes: {n: {labels: {site: attic}, min: 2}}
groups: {g: {tests: {t: {type: text, amount: 61}}}}
faults: [{partition: bridge, for: 1s}]
`);
  const there = ['a', 'b'].map((name) => ({ name, labels: { site: 'attic' } }));
  assert.throws(() => makePlan(scenario, there, '1'), {
    code: 'FAULT_IMPOSSIBLE',
    exitCode: 2,
    message: 'faults[0]: a partition into bridge needs 3 nodes or more: there are 2',
  });
});
