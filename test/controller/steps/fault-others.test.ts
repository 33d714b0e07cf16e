import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePlan } from '../../../src/controller/plan/make-plan.js';
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
