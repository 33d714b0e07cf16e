import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { phaseEndMs } from '../../../src/controller/plan/duration.js';
import { makePlan } from '../../../src/controller/plan/make-plan.js';
import type { PlannedFault } from '../../../src/controller/plan/plan.js';
import type { Parting, Scenario, ScenarioFault } from '../../../src/controller/scenario/scenario.js';
import { factsOfKinds, faultKinds } from '../../../src/fault-kinds.js';
import { read } from '../scenarios.js';

const base = read(`
nodes: {x: {labels: {fleet: one}, min: 2}}
groups: {g: {tests: {t: {type: text, amount: 100}}}}
`);
const lastSendMs = 99_000;
const labels = { fleet: 'one' };

const plain = { path: 'faults[0]', during: 'running', wish: { amounts: {} } } as const;
const times = { atMs: fc.integer({ min: 0, max: 90_000 }), forMs: fc.integer({ min: 100, max: 60_000 }) };
/** Amounts of other kinds are left out. */
const wish = fc.record({
  direction: fc.constantFrom('both', 'in'),
  amounts: fc.record({ share: fc.constantFrom(0.1, 0.2), clockMs: fc.constant(1) }),
});
const rule = (any: fc.Arbitrary<number | undefined>): fc.Arbitrary<ScenarioFault> =>
  fc
    .record({
      kinds: fc.uniqueArray(
        fc.constantFrom(...faultKinds.filter((kind) => !factsOfKinds[kind].process || kind === 'kill')),
        { minLength: 1, maxLength: 3 },
      ),
      any,
      wish,
      ...times,
      repeat: fc.option(
        fc.record({ everyMs: fc.integer({ min: 500, max: 30_000 }), odds: fc.integer({ min: 1, max: 20 }) }),
        { nil: undefined },
      ),
    })
    .map(({ any: most, repeat, ...rest }) => ({
      ...plain,
      ...rest,
      nodes: { of: ['x'], ...(most === undefined ? {} : { any: most }) },
      ...(repeat === undefined ? {} : { repeat }),
    }));
const anyNumber = fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined });
const rules = fc.array(rule(anyNumber), { maxLength: 4 });
const rulesForAll = fc.array(rule(fc.constant(undefined)), { maxLength: 4 });
const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/), {
  minLength: 2,
  maxLength: 12,
});
const seed = fc.string({ minLength: 1, maxLength: 8 });

const parting: fc.Arbitrary<Parting> = fc.constantFrom(
  { into: 'halves' },
  { into: 'one' },
  { into: 'one-way', from: ['x'], to: ['x'] },
);
const parted = fc
  .tuple(rule(fc.constant(undefined)), parting)
  .map(([one, into]): ScenarioFault => ({ ...one, kinds: ['partition'], parting: into }));

const planOf = (faults: readonly ScenarioFault[], nodes: readonly string[], from: string) => {
  const scenario: Scenario = { ...base, faults };
  return makePlan(
    scenario,
    nodes.map((name) => ({ name, labels })),
    from,
  );
};
const of = (faults: readonly PlannedFault[], nodes: readonly string[]): PlannedFault[] =>
  faults.filter(({ node }) => nodes.includes(node));

test('the same scenario, nodes and seed give the same plan, in whatever order the nodes are', () => {
  fc.assert(
    fc.property(rules, parted, names, seed, fc.infiniteStream(fc.nat()), (some, last, nodes, from, order) => {
      const faults = [...some, last];
      const turned = nodes
        .map((name) => ({ name, at: order.next().value }))
        .sort((a, b) => a.at - b.at)
        .map(({ name }) => name);
      const plan = planOf(faults, nodes, from);
      assert.deepEqual(planOf(faults, turned, from), plan);
    }),
    { numRuns: 150 },
  );
});

test('one more node leaves the faults of the others as they were', () => {
  fc.assert(
    fc.property(rulesForAll, names, seed, (faults, nodes, from) => {
      const fewer = nodes.slice(1);
      fc.pre(fewer.length >= 2);
      assert.deepEqual(of(planOf(faults, nodes, from).faults, fewer), planOf(faults, fewer, from).faults);
    }),
    { numRuns: 150 },
  );
});

test('where so many are drawn, one more node takes the place of one at most', () => {
  const once = fc
    .tuple(fc.integer({ min: 1, max: 5 }), fc.record(times))
    .map(([any, span]): ScenarioFault => ({ ...plain, kinds: ['link'], nodes: { of: ['x'], any }, ...span }));
  fc.assert(
    fc.property(once, names, seed, (fault, nodes, from) => {
      const fewer = nodes.slice(1);
      fc.pre(fewer.length >= 2);
      const hit = (some: readonly string[]) => planOf([fault], some, from).faults.map(({ node }) => node);
      const [before, after] = [hit(fewer), hit(nodes)];
      assert.equal(after.length, Math.min(fault.nodes.any ?? 0, nodes.length));
      assert.ok(before.filter((node) => !after.includes(node)).length <= 1);
      assert.deepEqual(
        after.filter((node) => !before.includes(node) && node !== nodes[0]),
        [],
      );
    }),
    { numRuns: 150 },
  );
});

test('no two faults of a kind that act alike meet on a node, all have names of their own, and all begin before the last message', () => {
  fc.assert(
    fc.property(rules, names, seed, (given, nodes, from) => {
      const { faults, ...plan } = planOf(given, nodes, from);
      const ends = new Map<string, number>();
      for (const { fault, node, kind, atMs, forMs, shape } of faults) {
        assert.match(fault, /^[A-Za-z0-9_-]{1,64}$/);
        assert.ok(nodes.includes(node));
        assert.ok(atMs >= 0 && atMs <= lastSendMs && forMs >= (kind === 'restart' ? 0 : 100));
        const key = `${kind} ${node} ${shape.share} ${shape.direction}`;
        assert.ok(atMs > (ends.get(key) ?? -1), `${key} at ${atMs}`);
        ends.set(key, atMs + forMs);
      }
      assert.equal(new Set(faults.map(({ fault }) => fault)).size, faults.length);
      const end = phaseEndMs({ ...plan, faults }, 'main');
      assert.equal(end, Math.max(lastSendMs, ...ends.values()));
    }),
    { numRuns: 150 },
  );
});

test('odds are drawn by each node for itself, as often as they say', () => {
  const fault: ScenarioFault = {
    ...plain,
    kinds: ['kill'],
    nodes: { of: ['x'] },
    atMs: 0,
    forMs: 100,
    repeat: { everyMs: 500, odds: 3 },
  };
  const nodes = Array.from({ length: 40 }, (_, i) => `node-${i}`);
  const { faults } = planOf([fault], nodes, 'odds');
  const draws = 40 * (lastSendMs / 500 + 1);
  // Five standard deviations; the seed is fixed.
  assert.ok(
    Math.abs(faults.length - draws / 3) < 5 * Math.sqrt((draws * 2) / 9),
    `${faults.length} of ${draws}`,
  );
  const lines = nodes.map((node) =>
    of(faults, [node])
      .map(({ atMs }) => atMs)
      .join(),
  );
  assert.equal(new Set(lines).size, nodes.length);
  assert.notDeepEqual(planOf([fault], nodes, 'other').faults, faults);
});
