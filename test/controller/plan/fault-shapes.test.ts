import assert from 'node:assert/strict';
import { test } from 'node:test';
import { phaseEndMs } from '../../../src/controller/plan/duration.js';
import { makePlan, planAgain, planHash } from '../../../src/controller/plan/make-plan.js';
import { type PlannedFault, plainPlanned } from '../../../src/controller/plan/plan.js';
import { namedNodes } from '../../../src/controller/scenario/scenario.js';
import { exampleText, read } from '../scenarios.js';

const withFaults = (...faults: string[]) =>
  read(`
nodes: {a: , b: , p: {count: 3}}
groups: {g: {tests: {t: {type: text, amount: 61}}}}
faults: [${faults.join()}]
`);
const seededPlan = (seed: string, ...faults: string[]) => {
  const scenario = withFaults(...faults);
  return makePlan(scenario, namedNodes(scenario), seed);
};
const planOf = (...faults: string[]) => seededPlan('seed', ...faults);
const times = ({ fault, during, atMs, forMs }: PlannedFault): string =>
  `${fault} ${during} ${atMs / 1000}+${forMs / 1000}`;

test('each kind of a list has the amounts that are its own, and nobody is disturbed towards itself', () => {
  const { faults } = planOf(
    '{kind: [loss, delay], share: 5%, delay: 9ms, jitter: 1ms, nodes: [a, b], from: [b, p-2], direction: in, way: userspace, for: 1s}',
  );
  const shaped = { direction: 'in', way: 'userspace' };
  const [lossA, lossB] = ['a', 'b'].map((node) => faults.find((one) => one.fault === `loss-1-${node}`));
  assert.deepEqual(
    { ...lossA?.shape, seed: '' },
    { ...plainPlanned('loss'), ...shaped, share: 0.05, from: ['b', 'p-2'] },
  );
  assert.deepEqual(lossB?.shape.from, ['p-2']);
  const delay = faults.find(({ kind }) => kind === 'delay')?.shape;
  assert.deepEqual(
    { ...delay, seed: '' },
    { ...plainPlanned('delay'), ...shaped, delayMs: 9, jitterMs: 1, from: ['b', 'p-2'] },
  );
  assert.deepEqual(
    planOf('{kind: reset, nodes: [a, b], from: b, for: 1s}').faults.map(({ node }) => node),
    ['a'],
  );
});

test('each fault has a seed of its own, which other faults and nodes change nothing in', () => {
  const loss = '{kind: loss, share: 5%, nodes: p, every: 9s, for: 1s}';
  const { faults } = planOf(loss);
  const seeds = faults.map(({ shape }) => shape.seed);
  assert.equal(new Set(seeds).size, faults.length);
  for (const one of seeds) assert.match(one, /^[0-9a-f]{32}$/);
  const others = seededPlan('other', loss).faults;
  assert.ok(others.length > 0 && others.every(({ shape }) => !seeds.includes(shape.seed)));
  const more = planOf(loss, '{kind: [stall, pause], for: 1s}').faults;
  assert.deepEqual(
    more.filter(({ kind }) => kind === 'loss'),
    faults,
  );
});

test('faults of one kind and shape that meet become one; those of other shapes stay what they are', () => {
  const { faults } = planOf(
    '{kind: loss, share: 5%, nodes: a, for: 9s}',
    '{kind: loss, share: 50%, nodes: a, at: 3s, for: 2s}',
    '{kind: loss, share: 5%, nodes: a, at: 9s, for: 1s}',
    '{kind: loss, share: 5%, nodes: a, from: b, at: 8s, for: 9s}',
  );
  assert.deepEqual(
    faults.map((one) => `${times(one)} ${one.shape.share} ${one.shape.from.join()}`),
    ['loss-1-a running 0+10 0.05 ', 'loss-2-a running 3+2 0.5 ', 'loss-3-a running 8+9 0.05 b'],
  );
});

test('faults of the joining come first and have a time of their own; those of the draining follow the last message', () => {
  const plan = planOf(
    '{kind: link, nodes: a, at: 1s, for: 2s}',
    '{kind: link, nodes: a, during: joining, at: 1s, for: 90s}',
    '{kind: link, nodes: a, during: draining, at: 2s, for: 30s}',
    '{kind: link, nodes: a, at: 55s, for: 8s}',
  );
  assert.deepEqual(plan.faults.map(times), [
    'link-1-a joining 1+90',
    'link-2-a running 1+2',
    'link-3-a running 55+37',
  ]);
  assert.equal(phaseEndMs(plan, 'main'), 92_000);
});

test('labels say which of the nodes that take part are hit; nobody with them is missing, as a node is', () => {
  const scenario = withFaults('{kind: link, nodes: {labels: {site: attic}}, for: 1s}');
  const names = namedNodes(scenario);
  const there = names.map((name) => ({ name, labels: { site: name < 'c' ? 'attic' : 'cellar' } }));
  const others = [{ name: 'z', labels: { site: 'attic' } }];
  assert.deepEqual(
    makePlan(scenario, [...there, ...others], '1').faults.map(({ node }) => node),
    ['a', 'b'],
  );
  assert.throws(() => makePlan(scenario, names, '1'), {
    code: 'NODES_MISSING',
    message: 'faults[0].nodes: 0 of the 1 or more nodes with the labels site=attic are there',
  });
});

test('what needs the same thing at the same time is refused when the seed has drawn it, and both are named', () => {
  const drawn = [
    '{kind: kill, nodes: a, every: 7s, for: 5s}',
    '{kind: pause, nodes: {any: 4}, every: 9s, for: 5s}',
  ];
  assert.throws(() => planOf(...drawn), {
    code: 'FAULTS_CLASH',
    exitCode: 2,
    message:
      /^kill-1-a \(7s to 12s\) meets pause-1-a \(9s to 14s\): both take hold of the daemon's process$/m,
  });
  const queues = [
    '{kind: rate, rate: 1MB, way: kernel, every: 7s, for: 5s}',
    '{kind: delay, delay: 1s, way: kernel, at: 8s, for: 1s}',
  ];
  assert.throws(
    () => planOf(...queues),
    /delay-1-a \(8s to 9s\): both take the one queueing discipline of an interface/,
  );
  assert.ok(planOf(...queues.map((one) => one.replace('way: kernel, ', ''))).faults.length > 8);
});

test('a plan that a release before made is made again with its hash', async () => {
  const scenario = read(await exampleText('chaos.yaml'));
  const names = namedNodes(scenario);
  const hash = '7532b910807b05caea7db929291ae43f4089dc8a6c4080d50a7b4965c73553f4';
  const plan = planAgain(scenario, names, { seed: 'seven', hash });
  assert.deepEqual([plan?.v, plan?.hash, plan === undefined ? '' : planHash(plan)], [1, hash, hash]);
  assert.deepEqual(plan?.faults[0]?.shape, plainPlanned(plan?.faults[0]?.kind ?? 'link'));
  assert.equal(planAgain(scenario, names, { seed: 'eight', hash }), undefined);
  const now = makePlan(scenario, names, 'seven');
  assert.deepEqual(planAgain(scenario, names, { seed: 'seven', hash: now.hash }), now);
  const [first, ...rest] = now.faults;
  assert.ok(first !== undefined);
  for (const change of [{ during: 'draining' as const }, { shape: { ...first.shape, share: 1 } }]) {
    assert.notEqual(planHash({ ...now, faults: [{ ...first, ...change }, ...rest] }), now.hash);
  }
});
