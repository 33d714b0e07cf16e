import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadOptions } from '../../../src/controller/scenario/read-scenario.js';
import { mistakesOf, read, warningsOf, wordsOf } from '../scenarios.js';

const lab: ReadOptions = { provider: 'lab' };
const local: ReadOptions = { provider: 'local' };
/** Four nodes, of which two are of one entry, and some whose labels decide. */
const withFaults = (...faults: string[]) =>
  `nodes: {a: , b: , p: {count: 2}}
groups: {g: {tests: {t: {type: text, amount: 61}}}}
faults:
${faults.map((fault) => `  - ${fault}\n`).join('')}`;

const cases: readonly [
  what: string,
  faults: readonly string[],
  mistakes: readonly string[],
  options?: ReadOptions,
][] = [
  [
    'nothing to be done',
    ['{nodes: a, for: 5s}'],
    ['at {: faults[0]: says nothing to be done: it needs kind, partition or reliability'],
  ],
  [
    'two things to be done',
    ["{kind: link, partition: ring, reliability: '10,2', for: 5s}"],
    [
      'at partition: faults[0].partition: does not go with kind: write two faults',
      'at reliability: faults[0].reliability: does not go with kind: write two faults',
    ],
  ],
  [
    'keys that belong to kind',
    ["{reliability: '0,5', for: 5s, nodes: a}", '{partition: halves, share: 5%, direction: in, for: 5s}'],
    [
      'at reliability: faults[0].reliability: never cuts: leave it out, or write seconds and odds that are not 0',
      'at for: faults[0].for: does not go with reliability, which takes nodes, at',
      'at share: faults[1].share: does not go with partition, which takes nodes, during, at, for, every, odds, scope, way',
      'at direction: faults[1].direction: does not go with partition, which takes nodes, during, at, for, every, odds, scope, way',
    ],
  ],
  [
    'amounts that are missing, or of other kinds',
    ['{kind: [loss, delay, clock], for: 5s}', '{kind: [rate, kill], rate: 1MB, jitter: 5ms, for: 5s}'],
    [
      'at {: faults[0].share: is missing: loss needs it, such as 10%',
      'at {: faults[0].delay: is missing: delay needs it, such as 100ms',
      'at {: faults[0].clock: is missing: clock needs it, such as +2h',
      "at {: faults[1]: kill meets clock of 'a' (0s to 5s): both take hold of the daemon's process; let one end before the other begins",
      'at jitter: faults[1].jitter: is nothing of rate or kill: it goes with delay',
    ],
  ],
  [
    'amounts that are none',
    [
      '{kind: [loss, rate], share: 0%, rate: 0B, for: 5s}',
      '{kind: delay, nodes: a, delay: 2m, for: 5s}',
      '{kind: delay, nodes: b, delay: 10ms, jitter: 20ms, for: 5s}',
      '{kind: clock, clock: 0h, for: 5s}',
      '{kind: clock, clock: soon, for: 5s}',
      '{kind: interface, interface: -x, for: 5s}',
    ],
    [
      'at share: faults[0].share: is 0: nothing would be done',
      'at rate: faults[0].rate: is 0: write kind: partition where nothing shall pass',
      'at delay: faults[1].delay: must be at most 1m',
      'at jitter: faults[2].jitter: is more than delay: nothing comes before it is sent',
      "at clock: faults[3].clock: '0h' is as it was",
      "at clock: faults[4].clock: 'soon' is not how far ahead or behind, such as +2h or -30m",
      "at interface: faults[5].interface: '-x' is no name of a network interface",
    ],
  ],
  [
    'scopes, directions and others that a kind does not have',
    [
      '{kind: [link, pause], scope: host, way: kernel, for: 5s}',
      '{kind: [peers, interface], nodes: b, from: a, for: 5s}',
      '{kind: stall, scope: hub, from: a, for: 5s}',
    ],
    [
      'at scope: faults[0].scope: is host: link has hub',
      'at scope: faults[0].scope: is host: pause has daemon',
      'at way: faults[0].way: is nothing of pause, which acts on the daemon: write another fault for it',
      'at from: faults[1].from: is nothing of peers: write kind: partition',
      'at from: faults[1].from: is nothing of interface: all that goes over it ends',
      'at from: faults[2].from: does not go with scope hub: the way to the hub leads to no other node',
    ],
  ],
  [
    'others that are none',
    [
      '{kind: reset, nodes: a, from: [a], for: 5s}',
      '{kind: reset, from: [], at: 6s, for: 5s}',
      '{kind: reset, from: c, at: 12s, for: 5s}',
    ],
    [
      'at from: faults[0].from: is the node itself: towards itself, no node is disturbed',
      'at from: faults[1].from: names nobody: leave it out for all',
      "at from: faults[2].from: there is no node 'c'; did you mean 'a'?",
    ],
  ],
  [
    'phases that come once',
    ['{kind: link, during: joining, every: 10s, for: 5s}', '{kind: link, during: later, for: 5s}'],
    [
      'at every: faults[0].every: goes with during: running: while nodes join, each comes once',
      "at during: faults[1].during: 'later' must be one of joining, running, draining",
    ],
  ],
  [
    'labels of nodes that are started here',
    ["{kind: link, nodes: {labels: 'x y'}, for: 5s}"],
    [
      'at labels: faults[0].nodes.labels: are those of nodes that are connected: with provider lab, write their names',
      "at labels: faults[0].nodes.labels: are none: write {site: attic}, or a selector such as 'site=attic,!gpu'",
    ],
    lab,
  ],
  [
    'what would act on the machine of whoever runs it',
    [
      '{kind: loss, share: 5%, scope: host, for: 5s}',
      '{kind: [interface, pause], for: 5s}',
      '{kind: stall, way: kernel, for: 5s}',
    ],
    [
      'at scope: faults[0].scope: would act on this whole machine, with provider local: write provider: lab',
      'at kind: faults[1].kind: would act on this whole machine, with provider local: write provider: lab',
      'at way: faults[2].way: cannot be with provider local: all nodes are this machine, and its kernel spares what stays on it (stall). Leave it out, or write provider: lab',
    ],
    local,
  ],
  [
    'partitions that part nobody',
    [
      '{partition: {halves: [[a], [a, p]]}, nodes: a, for: 5s}',
      '{partition: {halves: [[a], []]}, for: 5s}',
      '{partition: {one: p}, for: 5s}',
      '{partition: {bridge: b}, nodes: [a, p], for: 5s}',
      '{partition: ring, nodes: [a, p], for: 5s}',
      '{partition: bridge, nodes: {any: 2}, for: 5s}',
      '{partition: {one-way: {from: a, to: z}}, for: 5s}',
      '{partition: {ring: true, one: a}, for: 5s}',
      '{partition: thirds, for: 5s}',
    ],
    [
      "at a: faults[0].partition.halves[1][0]: 'a' is on both sides",
      'at nodes: faults[0].nodes: does not go with a partition that names its nodes',
      'at partition: faults[1].partition: names nobody on one side',
      "at one: faults[2].partition.one: 'p' is not one node: write one of them, such as 'p-1'",
      "at bridge: faults[3].partition.bridge: 'b' is not always one of the nodes that are parted",
      'at partition: faults[4].partition: ring needs 4 nodes: there are 3',
      'at partition: faults[5].partition: bridge needs 3 nodes: there are 2',
      "at to: faults[6].partition.one-way.to: there is no node 'z'; did you mean 'a'?",
      'at partition: faults[7].partition: says one of halves, one, ring, one-way, bridge',
      "at partition: faults[8].partition: 'thirds' must be one of halves, one, ring, bridge, or a map such as {one-way: {from: A, to: B}}",
    ],
  ],
  [
    'the same thing for two at a time',
    [
      '{kind: [kill, pause, link], nodes: a, for: 5s}',
      '{kind: restart, nodes: [a, p], at: 5s}',
      '{kind: clock, clock: +1h, nodes: p, at: 4s, for: 2s}',
      '{kind: rate, rate: 1MB, way: kernel, nodes: a, for: 5s}',
      '{kind: delay, delay: 1s, way: kernel, nodes: a, at: 4s, for: 5s}',
      '{kind: clock, clock: +1h, nodes: b, during: joining, for: 2s}',
      '{kind: pause, nodes: b, for: 2s}',
    ],
    [
      "at kind: faults[0].kind: kill and pause cannot begin together: each of them takes hold of the daemon's process",
      "at {: faults[2]: clock meets restart of 'p-1' (at 5s): both take hold of the daemon's process; let one end before the other begins",
      "at {: faults[4]: delay meets rate of 'a' (0s to 5s): an interface has one queueing discipline; let one end before the other begins",
    ],
  ],
];
for (const [what, faults, mistakes, options] of cases) {
  test(`a mistake: ${what}`, () => {
    const text = withFaults(...faults);
    assert.deepEqual(wordsOf(text, mistakesOf(text, options)), mistakes);
  });
}

test('of a scenario that was run before, what was not refused then is a warning', () => {
  const text = withFaults('{kind: [kill, pause], nodes: a, for: 5s}');
  assert.equal(mistakesOf(text).length, 1);
  assert.deepEqual(
    warningsOf(text, { stored: true }).map((one) => one.slice(0, 50)),
    ['4:6: faults[0].kind: kill and pause cannot begin t'],
  );
});

test('faults alike that meet become one, and others of their kind stay two', () => {
  const text = withFaults(
    '{kind: loss, share: 5%, nodes: a, for: 9s}',
    '{kind: loss, share: 6%, nodes: a, for: 9s}',
    '{kind: loss, share: 5%, nodes: p, from: b, for: 9s}',
    '{kind: loss, share: 5%, nodes: [a, p], at: 5s, for: 9s}',
  );
  assert.deepEqual(warningsOf(text), [
    "7:5: faults[3]: meets another loss of 'a' (0s to 9s): the two become one",
  ]);
});

test('everything that can be said of a fault is heard', () => {
  const { faults } = read(
    withFaults(
      '{kind: [loss, duplicate], share: 2.5%, nodes: {any: 1, of: p}, from: [a, b], direction: out, scope: host, way: kernel, for: 1s}',
      '{kind: [delay, reorder], delay: 50ms, jitter: 5ms, share: 1%, during: draining, at: 2s, for: 1s}',
      '{kind: rate, rate: 64KB, nodes: {labels: {site: attic}}, for: 1s}',
      "{reliability: '120,10', nodes: p}",
      '{partition: {halves: [[a, p-1], b]}, during: joining, for: 1s}',
      '{partition: {one: a}, for: 1s, every: 9s, odds: 2, nodes: [a, b], way: userspace}',
      '{partition: {one-way: {from: p, to: [a]}}, for: 1s}',
      '{kind: clock, clock: -90, for: 1s, at: 9s}',
      '{kind: interface, interface: eth0.7, for: 1s}',
    ),
  );
  const all = ['a', 'b', 'p'];
  const plain = { during: 'running', atMs: 0, forMs: 1_000, wish: { amounts: {} } };
  const expected: object[] = [
    {
      kinds: ['loss', 'duplicate'],
      nodes: { any: 1, of: ['p'] },
      wish: { scope: 'host', direction: 'out', way: 'kernel', amounts: { share: 0.025 }, from: ['a', 'b'] },
    },
    {
      kinds: ['delay', 'reorder'],
      nodes: { of: all },
      during: 'draining',
      atMs: 2_000,
      wish: { amounts: { share: 0.01, delayMs: 50, jitterMs: 5 } },
    },
    {
      kinds: ['rate'],
      nodes: { of: all, labels: 'site=attic' },
      wish: { amounts: { bytesPerSecond: 64_000 } },
    },
    {
      kinds: ['link', 'peers'],
      nodes: { of: ['p'] },
      forMs: 120_000,
      repeat: { everyMs: 120_000, odds: 10 },
    },
    {
      kinds: ['partition'],
      nodes: { of: ['a', 'p-1', 'b'] },
      during: 'joining',
      parting: { into: 'halves', sides: [['a', 'p-1'], ['b']] },
    },
    {
      kinds: ['partition'],
      nodes: { of: ['a', 'b'] },
      atMs: 9_000,
      repeat: { everyMs: 9_000, odds: 2 },
      wish: { way: 'userspace', amounts: {} },
      parting: { into: 'one', node: 'a' },
    },
    {
      kinds: ['partition'],
      nodes: { of: ['p', 'a'] },
      parting: { into: 'one-way', from: ['p'], to: ['a'] },
    },
    { kinds: ['clock'], nodes: { of: all }, atMs: 9_000, wish: { amounts: { clockMs: -90_000 } } },
    { kinds: ['interface'], nodes: { of: all }, wish: { amounts: { interface: 'eth0.7' } } },
  ];
  assert.deepEqual(
    faults,
    expected.map((fault, i) => ({ path: `faults[${i}]`, ...plain, ...fault })),
  );
});

test('more faults than there may be are not compared each with each', () => {
  const many = Array.from({ length: 2_000 }, () => '{kind: pause, for: 9s}');
  const beganMs = performance.now();
  assert.match(mistakesOf(withFaults(...many)).join(), /^3:1: faults: at most 200$/);
  assert.ok(performance.now() - beganMs < 10_000);
});
