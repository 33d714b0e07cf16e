import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePlan } from '../../../src/controller/plan/make-plan.js';
import { type PlannedFault, plainPlanned } from '../../../src/controller/plan/plan.js';
import { namedNodes } from '../../../src/controller/scenario/scenario.js';
import { FaultsBetween } from '../../../src/controller/steps/fault-others.js';
import { read } from '../scenarios.js';

const addresses = new Map([
  ['a', ['192.0.2.1', '2001:db8::1']],
  ['b', ['192.0.2.2', '2001:db8::2']],
  ['c', ['192.0.2.1', '2001:db8::3']],
]);
const t0Ms = 1_000_000;

/** Of each fault the others that its node is told of, each with its addresses and its time from T0 on. */
function met(...faults: string[]): Record<string, string[]> {
  const scenario = read(`
nodes: {a: , b: , c: }
groups: {g: {tests: {t: {type: text, amount: 61}}}}
faults: [${faults.join()}]
`);
  const plan = makePlan(scenario, namedNodes(scenario), '1');
  const between = new FaultsBetween(plan.faults, addresses);
  const told = plan.faults.map((fault) => [
    fault.fault,
    between
      .meeting(fault, t0Ms)
      .map(({ fault: name, addresses: at, atMs, forMs }) => `${name} ${at.join()} ${atMs - t0Ms}+${forMs}`),
  ]);
  return Object.fromEntries(told);
}

test('a node is told of faults of others that act on its ways while its own is looked at, and where those are', () => {
  assert.deepEqual(
    met(
      '{kind: partition, nodes: a, from: b, at: 5s, for: 2s}',
      '{kind: peers, nodes: b, at: 10s, for: 5s}',
      '{kind: loss, share: 10%, nodes: c, from: a, at: 28s, for: 1s}',
    ),
    {
      'partition-1-a': ['peers-1-b 192.0.2.2,2001:db8::2 10000+5000'],
      'peers-1-b': ['partition-1-a 192.0.2.1,2001:db8::1 5000+2000'],
      'loss-1-c': ['peers-1-b 192.0.2.2,2001:db8::2 10000+5000'],
    },
  );
  const near = met(
    '{kind: partition, nodes: a, at: 5s, for: 2s}',
    '{kind: delay, delay: 1s, nodes: c, from: a, at: 26s, for: 1s}',
  );
  // Of the addresses of c one is that of a too.
  assert.deepEqual(near, {
    'partition-1-a': ['delay-1-c 2001:db8::3 26000+1000'],
    'delay-1-c': ['partition-1-a 2001:db8::1 5000+2000'],
  });
});

test('it is not told of those at another time, elsewhere, or that it does not feel', () => {
  const own = '{kind: partition, nodes: a, at: 5s, for: 2s}';
  for (const other of [
    '{kind: peers, nodes: b, at: 28s, for: 5s}',
    '{kind: peers, nodes: b, during: joining, at: 5s, for: 5s}',
    '{kind: partition, nodes: b, from: c, at: 5s, for: 5s}',
    '{kind: link, nodes: b, at: 5s, for: 5s}',
    '{kind: stall, nodes: b, way: userspace, at: 5s, for: 5s}',
    '{kind: kill, nodes: b, at: 5s, for: 5s}',
    '{kind: interface, nodes: a, at: 9s, for: 5s}',
  ]) {
    assert.deepEqual(met(own, other)['partition-1-a'], [], other);
  }
  const reset = met('{kind: reset, nodes: a, at: 5s, for: 2s}', '{kind: kill, nodes: b, at: 5s, for: 5s}');
  assert.deepEqual(reset['reset-1-a'], ['kill-1-b 192.0.2.2,2001:db8::2 5000+5000']);
  assert.deepEqual(reset['kill-1-b'], []);
});

test('it is told of no more than it takes', () => {
  const told = met(
    '{kind: partition, nodes: a, at: 0s, for: 60s}',
    '{kind: peers, nodes: b, every: 200ms, for: 100ms}',
  );
  assert.equal(told['partition-1-a']?.length, 200);
});

/** Faults of the network, each so: node, whether it is towards `a` alone, when it comes and for how long, milliseconds. */
function faultsOf(...all: [node: string, from: string, atMs: number, forMs: number][]): PlannedFault[] {
  return all.map(([node, from, atMs, forMs], at) => ({
    ...{ fault: `f${at}`, node, kind: 'partition', during: 'running', atMs, forMs },
    shape: { ...plainPlanned('partition'), from: from === '' ? [] : [from] },
  }));
}

test('very many faults that were over long ago keep it not from being told of one that is near', () => {
  const over = Array.from(
    { length: 3_000 },
    (_, at) => ['b', 'c', at, 100] as [string, string, number, number],
  );
  const faults = faultsOf(
    ...over,
    ['b', '', 1_000_000, 1_000],
    ['c', 'b', 0, 3_600_000],
    ['a', '', 1_000_500, 100],
  );
  const [own] = faults.slice(-1);
  assert.ok(own !== undefined);
  assert.deepEqual(
    new FaultsBetween(faults, addresses).meeting(own, t0Ms).map(({ fault }) => fault),
    ['f3000'],
  );
});

test('it is told of no more addresses than it takes, however many a node has', () => {
  const many = new Map([['a', ['192.0.2.1']]]);
  many.set(
    'b',
    Array.from({ length: 15 }, (_, at) => `198.51.100.${at + 1}`),
  );
  const faults = faultsOf(
    ...Array.from({ length: 40 }, (_, at) => ['b', '', at * 10, 5] as [string, string, number, number]),
    ['a', '', 100, 100],
  );
  const [own] = faults.slice(-1);
  assert.ok(own !== undefined);
  const told = new FaultsBetween(faults, many).meeting(own, t0Ms);
  assert.deepEqual(
    [told.length, told.at(-1)?.addresses.length, told.flatMap(({ addresses: at }) => at).length],
    [27, 10, 400],
  );
});
