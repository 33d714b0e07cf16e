import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duration, phaseEndMs } from '../../../src/controller/plan/duration.js';
import { drawSeed, makePlan, planHash } from '../../../src/controller/plan/make-plan.js';
import { type PlannedFault, plainPlanned } from '../../../src/controller/plan/plan.js';
import { seedOf } from '../../../src/controller/plan/shapes.js';
import { namedNodes } from '../../../src/controller/scenario/scenario.js';
import { exampleText, read } from '../scenarios.js';

const seconds = ({ kind, node, atMs, forMs }: PlannedFault): string =>
  `${kind} ${node} ${atMs / 1000}+${forMs / 1000}`;

test('a plan says all that will be done, and how long that takes', async () => {
  const scenario = read(await exampleText('partition.yaml'));
  const plan = makePlan(scenario, namedNodes(scenario), 'seven');
  const members = ['north', 'south', 'peers-1', 'peers-2', 'peers-3'];
  const ping = {
    name: 'ping',
    group: 'chat',
    workload: { type: 'text' },
    size: 300,
    afterMs: 0,
    senders: members,
  };
  assert.deepEqual(plan, {
    v: 2,
    scenario: 'f',
    seed: 'seven',
    hash: plan.hash,
    nodes: ['north', 'peers-1', 'peers-2', 'peers-3', 'south'],
    groups: [{ name: 'chat', members }],
    tests: [
      { ...ping, test: 'control_chat_ping', phase: 'control', intervalMs: 200, amount: 5 },
      { ...ping, test: 'chat_ping', phase: 'main', intervalMs: 500, amount: 40 },
    ],
    faults: ['north', 'peers-1'].flatMap((node) =>
      (['link', 'peers'] as const).map((kind) => ({
        ...{ fault: `${kind}-1-${node}`, node, kind, during: 'running', atMs: 5_000, forMs: 10_000 },
        shape: plainPlanned(kind, seedOf('seven', node, `${kind}-1-${node}`)),
      })),
    ),
    leadMs: 5_000,
    settleMs: 15_000,
    patience: { gatherMs: 30_000, groupMs: 60_000, readyMs: 60_000, collectMs: 120_000 },
    rules: {
      lost: 0,
      duplicated: 0,
      reordered: 'any',
      late: 'any',
      lateAfterMs: 5_000,
      convergenceMs: 10_000,
    },
  });
  assert.equal(phaseEndMs(plan, 'control'), 800);
  assert.equal(phaseEndMs(plan, 'main'), 19_500);
  assert.equal(duration(plan), 2 * (5_000 + 15_000) + 800 + 19_500);
});

test('the hash is over everything but itself, in whatever order a store gives it back', async () => {
  const scenario = read(await exampleText('partition.yaml'));
  const plan = makePlan(scenario, namedNodes(scenario), '1');
  assert.match(plan.hash, /^[0-9a-f]{64}$/);
  const turned: typeof plan = JSON.parse(JSON.stringify(Object.fromEntries(Object.entries(plan).reverse())));
  assert.equal(planHash(turned), plan.hash);
  for (const other of [
    { ...plan, seed: '2' },
    { ...plan, settleMs: 1 },
    { ...plan, faults: plan.faults.slice(1) },
    { ...plan, rules: { ...plan.rules, lost: 1 } },
    { ...plan, groups: plan.groups.map((group) => ({ ...group, members: group.members.toReversed() })) },
  ]) {
    assert.notEqual(planHash(other), plan.hash);
  }
});

test('without a control phase there is none', () => {
  const scenario = read(`
nodes: {a: , b: }
control: false
groups: {g: {tests: {t: {type: text, amount: 3, senders: b, after: 2s}}}}
`);
  const plan = makePlan(scenario, ['a', 'b'], '1');
  assert.deepEqual(
    plan.tests.map(({ test: name, senders, afterMs }) => [name, senders, afterMs]),
    [['g_t', ['b'], 2_000]],
  );
  assert.equal(duration(plan), 5_000 + 4_000 + 30_000);
});

test('a control phase sends no more than the test itself', () => {
  const scenario = read('nodes: {a: , b: }\ngroups: {g: {tests: {t: {type: text, amount: 3}}}}');
  assert.deepEqual(
    makePlan(scenario, ['a', 'b'], '1').tests.map(({ phase, amount }) => [phase, amount]),
    [
      ['control', 3],
      ['main', 3],
    ],
  );
});

test('faults of nodes with long names have names that are one token, and their own', () => {
  const long = 'n'.repeat(62);
  const scenario = read(`
nodes: {${long}1: , ${long}2: , ${long.slice(14)}: }
groups: {g: {tests: {t: {type: text, amount: 3}}}}
faults: [{kind: restart}]
`);
  const names = makePlan(scenario, namedNodes(scenario), '1').faults.map(({ fault }) => fault);
  for (const name of names) assert.match(name, /^restart-1-n{39,48}(?:-[0-9a-f]{8})?$/);
  assert.equal(new Set(names).size, 3);
  assert.equal(names[0], `restart-1-${long.slice(14)}`);
});

test('the last fault may end after the last message', () => {
  const scenario = read(`
nodes: {a: , b: }
groups: {g: {tests: {t: {type: text, amount: 3}}}}
faults: [{kind: pause, nodes: b, at: 1s, for: 10s}]
`);
  assert.equal(phaseEndMs(makePlan(scenario, ['a', 'b'], '1'), 'main'), 11_000);
});

test('spans of one kind that meet on a node are one, and those of other kinds are not', () => {
  const scenario = read(`
nodes: {a: , b: }
groups: {g: {tests: {t: {type: text, amount: 100}}}}
faults:
  - {kind: link, nodes: a, at: 10s, for: 5s}
  - {kind: [link, pause], nodes: [a, b], at: 12s, for: 8s}
  - {kind: link, nodes: a, at: 20s, for: 1s}
  - {kind: link, nodes: a, at: 22s, for: 1s}
`);
  assert.deepEqual(makePlan(scenario, ['a', 'b'], '1').faults.map(seconds), [
    'link a 10+11',
    'pause a 12+8',
    'link a 22+1',
    'link b 12+8',
    'pause b 12+8',
  ]);
});

test('a restart takes no time, whatever it comes with; what meets must be over within the hour that a node takes', () => {
  const scenario = (more: string) =>
    read(`
nodes: {a: , b: }
groups: {g: {tests: {t: {type: text, amount: 4000}}}}
faults: [{kind: [link, restart], nodes: a, at: 1s, for: 30m}${more}]
`);
  assert.deepEqual(makePlan(scenario(''), ['a', 'b'], '1').faults.map(seconds), [
    'link a 1+1800',
    'restart a 1+0',
  ]);
  assert.throws(() => makePlan(scenario(', {kind: link, nodes: a, at: 20m, for: 50m}'), ['a', 'b'], '1'), {
    code: 'PLAN_TOO_LARGE',
    exitCode: 2,
    message: /faults of kind link of the node a meet/,
  });
});

test('what comes again comes until the last message, first after one interval or when it is said', () => {
  const scenario = read(`
nodes: {a: , b: }
groups: {g: {tests: {t: {type: text, amount: 61}}}}
faults:
  - {kind: kill, nodes: a, every: 20s, for: 5s}
  - {kind: restart, nodes: b, at: 5s, every: 30s}
`);
  assert.deepEqual(makePlan(scenario, ['a', 'b'], '1').faults.map(seconds), [
    'kill a 20+5',
    'kill a 40+5',
    'kill a 60+5',
    'restart b 5+0',
    'restart b 35+0',
  ]);
});

test('nodes with labels are those that have them, and nobody else takes part', async () => {
  const scenario = read(await exampleText('fleet.yaml'));
  const known = [
    { name: 'zoe', labels: { site: 'attic', tier: 'edge', gpu: 'yes' } },
    { name: 'yan', labels: { site: 'attic' } },
    { name: 'far', labels: { tier: 'edge' } },
    { name: 'alone', labels: { site: 'cellar' } },
    'bare',
  ];
  const plan = makePlan(scenario, known, '1');
  assert.deepEqual(plan.nodes, ['far', 'yan', 'zoe']);
  assert.deepEqual(plan.groups, [{ name: 'chat', members: ['yan', 'zoe', 'far'] }]);
  assert.deepEqual(plan.tests.find(({ name }) => name === 'load')?.senders, ['far']);
});

test('a plan that lacks nodes names each entry and what it lacks', () => {
  const scenario = read(`
nodes:
  north:
  peers: {count: 12}
  attic: {labels: {site: attic}, min: 2}
groups: {g: {tests: {t: {type: text, amount: 3}}}}
`);
  assert.throws(() => makePlan(scenario, [{ name: 'up', labels: { site: 'attic' } }, 'peers-2'], '1'), {
    code: 'NODES_MISSING',
    message: `nodes.north: the node north is not there
nodes.peers: the nodes peers-1, peers-3, peers-4, peers-5, peers-6, peers-7, peers-8, peers-9, peers-10, peers-11 and 1 more are not there
nodes.attic: 1 of the 2 or more nodes with the labels site=attic are there`,
  });
});

test('labels that give a group too few nodes are told', () => {
  const scenario = read(`
nodes: {attic: {labels: {site: attic}}}
groups: {g: {tests: {t: {type: text, amount: 3}}}}
`);
  assert.throws(() => makePlan(scenario, [{ name: 'up', labels: { site: 'attic' } }], '1'), {
    code: 'GROUP_TOO_SMALL',
    message: 'groups.g: only up is a member',
  });
});

test('more faults of a node than can be run are refused', () => {
  const rule = '{kind: [link, pause], nodes: a, every: 1s, for: 500ms}';
  const scenario = read(`
nodes: {a: , b: }
groups: {g: {tests: {t: {type: text, amount: 1000}}}}
faults: [${rule}]
`);
  assert.throws(() => makePlan(scenario, ['a', 'b'], '1'), { code: 'PLAN_TOO_LARGE', exitCode: 2 });
});

test('faults that would keep a controller from all else while they are drawn are refused at once', () => {
  const text = (rules: number, odds: number, nodes: number) => `
nodes: {a: {count: ${nodes}}}
groups: {g: {tests: {t: {type: text, interval: 1s, amount: 9999}}}}
faults: [${Array(rules).fill(`{kind: [link, kill], for: 1s, every: 1s, odds: ${odds}}`).join()}]
`;
  for (const given of [text(60, 2, 2), text(60, 1_000_000, 200)]) {
    const scenario = read(given);
    const since = performance.now();
    assert.throws(() => makePlan(scenario, namedNodes(scenario), '1'), { code: 'PLAN_TOO_LARGE' });
    // As they were drawn before, a minute was not enough.
    assert.ok(performance.now() - since < 20_000);
  }
});

test('more members of groups than can be written down are refused before any group is made', () => {
  const groups = Array.from({ length: 26 }, (_, i) => `g-${i}: {tests: {t: {type: text, amount: 1}}}`);
  const scenario = read(`nodes: {a: {count: 200}}\ngroups: {${groups.join()}}\n`);
  assert.throws(() => makePlan(scenario, namedNodes(scenario), '1'), {
    code: 'PLAN_TOO_LARGE',
    message: 'the groups have 5200 members together: at most 5000 are possible',
  });
});

test('a seed that is drawn is another one each time', () => {
  assert.match(drawSeed(), /^\d+$/);
  assert.notEqual(drawSeed(), drawSeed());
});
