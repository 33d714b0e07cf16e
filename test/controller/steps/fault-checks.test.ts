import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePlan } from '../../../src/controller/plan/make-plan.js';
import { namedNodes } from '../../../src/controller/scenario/scenario.js';
import { checkFaults } from '../../../src/controller/steps/fault-checks.js';
import { FaultsBetween } from '../../../src/controller/steps/fault-others.js';
import { type Addresses, toldShape } from '../../../src/controller/steps/fault-peers.js';
import { PosternError } from '../../../src/errors.js';
import { read } from '../scenarios.js';
import { type CheckedNode, FaultsDoor } from './faults-door.js';

const at = (address: string): CheckedNode => ({ addresses: ['192.0.2.254', address] });
const names = ['a', 'b', 'c'];
const each = { a: at('192.0.2.1'), b: at('192.0.2.2'), c: at('192.0.2.3') };

const planOf = (...faults: string[]) => {
  const scenario = read(`
nodes: {${names.map((name) => `${name}: `).join()}}
groups: {g: {tests: {t: {type: text, amount: 61}}}}
faults: [${faults.join()}]
`);
  return makePlan(scenario, namedNodes(scenario), '1');
};

/** What became of checking a plan, and what was asked. */
async function checked(
  plan: ReturnType<typeof planOf>,
  nodes: Readonly<Record<string, CheckedNode>>,
): Promise<{ addresses?: Addresses; refused?: string; asked: FaultsDoor['checked'] }> {
  const door = await FaultsDoor.open(nodes);
  try {
    const life = { signal: AbortSignal.timeout(20_000), trouble: () => {} };
    return { addresses: await checkFaults(door, life, plan), asked: door.checked };
  } catch (thrown) {
    if (!(thrown instanceof PosternError) || thrown.code !== 'STEP_IMPOSSIBLE') throw thrown;
    return { refused: thrown.message, asked: door.checked };
  } finally {
    door.close();
  }
}

test('each node is asked once about what it does alike, towards all that it names, with their addresses', async () => {
  const plan = planOf(
    '{partition: halves, every: 5s, for: 1s}',
    '{kind: loss, share: 10%, nodes: a, every: 10s, for: 1s}',
    '{kind: loss, share: 10%, nodes: a, at: 3s, for: 3s}',
  );
  assert.ok(plan.faults.length > 40);
  const { addresses, asked } = await checked(plan, each);
  assert.deepEqual(asked.map(({ node, kind, forMs }) => `${node} ${kind} ${forMs}`).sort(), [
    'a loss 3000',
    'a partition 1000',
    'b partition 1000',
    'c partition 1000',
  ]);
  const cut = asked.find(({ node, kind }) => node === 'a' && kind === 'partition');
  assert.deepEqual(cut?.shape?.from, [
    { node: 'b', addresses: ['192.0.2.2'] },
    { node: 'c', addresses: ['192.0.2.3'] },
  ]);
  const [fault] = plan.faults.filter(({ node, kind }) => node === 'b' && kind === 'partition');
  assert.ok(fault !== undefined && addresses !== undefined);
  const { from, seed } = toldShape(fault.shape, 'b', addresses);
  assert.deepEqual(
    from,
    fault.shape.from.map((node) => ({ node, addresses: [node === 'a' ? '192.0.2.1' : '192.0.2.3'] })),
  );
  assert.equal(seed, fault.shape.seed);
});

test('where connections are reset, the addresses of those whose daemons are ended are known too', async () => {
  const ended = [
    '{kind: kill, nodes: b, at: 6s, for: 20s}',
    '{kind: restart, nodes: c, at: 7s}',
    '{kind: kill, nodes: a, at: 30s, for: 1s}',
  ];
  const plan = planOf('{kind: reset, nodes: a, at: 5s, for: 10s}', ...ended);
  const { addresses = new Map() } = await checked(plan, each);
  const between = new FaultsBetween(plan.faults, addresses);
  const met = plan.faults.flatMap((fault) =>
    between.meeting(fault, 0).map((other) => `${fault.fault}: ${other.fault} ${other.addresses}`),
  );
  assert.deepEqual(met, ['reset-1-a: kill-1-b 192.0.2.2', 'reset-1-a: restart-1-c 192.0.2.3']);
  for (const kind of ['link', 'stall']) {
    const quiet = await checked(planOf(`{kind: ${kind}, nodes: a, at: 5s, for: 10s}`, ...ended), each);
    assert.deepEqual([...(quiet.addresses ?? ['none'])], [], kind);
  }
});

test('all that is refused is told at once, each with its nodes', async () => {
  const plan = planOf(
    '{kind: [rate, loss], share: 10%, rate: 1MB, for: 1s}',
    '{kind: delay, delay: 1s, nodes: c, from: b, at: 2s, for: 1s}',
  );
  const relays = { rate: 'relay', delay: 'relay' };
  const refused = {
    a: { by: relays },
    b: { by: {}, ...at('192.0.2.2') },
    c: { by: relays, ...at('192.0.2.2') },
  };
  assert.deepEqual((await checked(plan, refused)).refused?.split('\n'), [
    'a, b, c cannot make the fault loss, 10 %: it has nothing for loss',
    'b cannot make the fault rate, 1 MB/s: it has nothing for rate',
    'c cannot make the fault delay, 1 s: it cannot tell b apart: they have no address but those that it has too, and it has no relay to them. Say postern agent --daemon-address, or --daemon-relay, or use provider lab',
  ]);
});

test('a relay tells a node apart that is on the same machine', async () => {
  const plan = planOf('{kind: reset, nodes: a, from: [b, c], for: 1s}');
  const here = { a: { ...at('192.0.2.1'), relays: ['b'] }, b: at('192.0.2.1'), c: at('192.0.2.3') };
  const { asked, refused } = await checked(plan, here);
  assert.equal(refused, undefined);
  assert.deepEqual(asked[0]?.shape?.from, [
    { node: 'b', addresses: [] },
    { node: 'c', addresses: ['192.0.2.3'] },
  ]);
});

test('an agent of the release before makes its faults in their plain way, and no others', async () => {
  const earlier = { earlier: true, by: { link: 'nft', peers: 'nft', pause: 'signal' } } as const;
  const plain = planOf('{kind: [link, peers, pause], nodes: a, for: 1s}');
  assert.equal((await checked(plain, { a: earlier })).refused, undefined);
  const shaped = planOf(
    '{kind: [link, pause], nodes: a, for: 1s}',
    '{kind: [link, loss], share: 1%, direction: in, at: 3s, for: 1s}',
  );
  assert.deepEqual((await checked(shaped, { ...each, a: earlier })).refused?.split('\n'), [
    'a cannot make the fault link, only what comes in: its agent is of a release that does not know it: update it',
    'a cannot make the fault loss, 1 %, only what comes in: its agent is of a release that does not know it: update it',
  ]);
});

test('two faults that a kernel does with the one discipline of an interface are refused when it is known', async () => {
  const plan = planOf(
    '{kind: delay, delay: 1s, nodes: [a, b], at: 2s, for: 5s}',
    '{kind: rate, rate: 1MB, nodes: [a, b], at: 6s, for: 5s}',
  );
  const { refused } = await checked(plan, { a: { by: { delay: 'netem', rate: 'tbf' } }, b: {} });
  assert.equal(
    refused,
    'delay-1-a (2s to 7s) meets rate-1-a (6s to 11s): both take the one queueing discipline of an interface',
  );
});
