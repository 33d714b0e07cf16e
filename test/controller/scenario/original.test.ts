import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePlan } from '../../../src/controller/plan/make-plan.js';
import { namedNodes, type Scenario } from '../../../src/controller/scenario/scenario.js';
import { exampleText, mistakesOf, originalExamples, read, warningsOf } from '../scenarios.js';

/** One kind of peers, of which one line is another one. */
const withPeer = (line: string) => `peer:
  - name: p
    amount: 2
    ${line}
    groups: [{name: g, tests: [{type: text, size: 300B, interval: 3, amount: 10}]}]
`;
const cutsOf = (scenario: Scenario) =>
  scenario.faults.map(({ kinds, nodes, atMs, forMs, repeat }) => [kinds, nodes.of, atMs, forMs, repeat]);

test('a file of the original means what its documents say', async () => {
  const scenario = read(await exampleText('original/public.yaml'), { provider: 'lab' });
  const { form, seed, control, nodes, groups } = scenario;
  assert.deepEqual(
    { form, seed, control },
    { form: 'original', seed: undefined, control: { amount: 5, intervalMs: 200 } },
  );
  assert.deepEqual(
    nodes.map(({ names, public: open, daemon: { role, peers, rdvp, relay, bootstrap } }) => [
      names,
      open,
      role,
      [peers, rdvp, relay, bootstrap],
    ]),
    [
      [
        ['garden-peers-1', 'garden-peers-2', 'garden-peers-3'],
        true,
        'peer',
        [
          ['garden-peers-1', 'garden-peers-2', 'garden-peers-3'],
          ['meeting-point-1'],
          ['the-relay-1'],
          ['first-stop-1'],
        ],
      ],
      [['meeting-point-1'], true, 'rdvp', [[], [], [], []]],
      [['the-relay-1'], true, 'relay', [[], [], [], []]],
      [['first-stop-1'], true, 'bootstrap', [[], [], ['the-relay-1'], []]],
    ],
  );
  assert.deepEqual(groups, [
    {
      name: 'seed-exchange',
      members: ['garden-peers'],
      tests: [
        { name: 'text-1', workload: { type: 'text' }, size: 300, intervalMs: 3_000, amount: 40, afterMs: 0 },
        {
          name: 'text-2',
          workload: { type: 'text' },
          size: 4_000,
          intervalMs: 10_000,
          amount: 12,
          afterMs: 0,
        },
      ],
    },
  ]);
  assert.deepEqual(cutsOf(scenario), [
    [['link', 'peers'], ['garden-peers'], 0, 5_000, { everyMs: 5_000, odds: 3 }],
    [['link', 'peers'], ['meeting-point'], 0, 10_000, { everyMs: 10_000, odds: 20 }],
  ]);
});

test('its odds are drawn anew each time, by each node, for link and peers together', async () => {
  const scenario = read(await exampleText('original/public.yaml'), { provider: 'lab' });
  const { faults } = makePlan(scenario, namedNodes(scenario), 'seed');
  const spans = (kind: string) =>
    faults.filter((fault) => fault.kind === kind).map(({ node, atMs, forMs }) => [node, atMs, forMs]);
  assert.deepEqual(spans('link'), spans('peers'));
  assert.ok(faults.length > 10);
  for (const { node, atMs, forMs } of faults) {
    const unit = node.startsWith('garden') ? 5_000 : 10_000;
    assert.deepEqual([atMs % unit, forMs % unit], [0, 0]);
  }
});

test('groups of one name are one, and who writes a test sends it', () => {
  const scenario = read(`
peer:
  - {name: a, amount: 1, groups: [{name: g, tests: [{type: text, size: 1KB, interval: 1, amount: 5}]}]}
  - name: b
    amount: 2
    groups:
      - name: g
        tests:
          - {type: Text, size: 1 kb, interval: 1, amount: 5}
          - {type: a MEDIA file, size: 40KB, interval: 50, amount: 3}
      - {name: 'h & more', tests: [{type: text, size: 5B, interval: 2, amount: 1}]}
`);
  const [g, h] = scenario.groups;
  assert.deepEqual(g?.members, ['a', 'b']);
  assert.deepEqual(
    g?.tests.map(({ name, workload, size, senders }) => [name, workload.type, size, senders]),
    [
      ['text-1', 'text', 1_000, undefined],
      ['media-2', 'media', 40_000, ['b']],
    ],
  );
  assert.deepEqual([h?.name, h?.members, h?.tests[0]?.size], ['h-more', ['b'], 5]);
});

test('reliability that never cuts is no fault, and no division by nothing', () => {
  for (const never of ['0,0', '0,5', '120,0', '""']) {
    assert.deepEqual(read(withPeer(`reliability: ${never}`)).faults, [], never);
  }
  assert.deepEqual(warningsOf(withPeer('reliability: 120,0')), [
    "4:5: peer[0].reliability: '120,0' never cuts: write 0,0, or seconds and odds that are not 0",
  ]);
  assert.equal(read(withPeer('reliability: "120, 10"')).faults[0]?.repeat?.odds, 10);
});

test('what means nothing here is told and does not matter', async () => {
  const warnings = warningsOf(await exampleText('original/private.yaml'), { provider: 'lab' });
  assert.deepEqual(
    warnings.map((one) => one.replace(/^\d+:\d+: /, '')),
    [
      'replication[0].groups[0]: is not used: replication servers are started, and no group is registered with them',
      "replication[0].connections[0].to: 'lan_1': there is one network, in which all reach each other",
      "peer[0].connections[0].to: 'lan_1': there is one network, in which all reach each other",
      "peer[0].connections[1].to: 'lan_2': there is one network, in which all reach each other",
      'peer[0].connections[1].protocol: is not used: the reference daemon speaks TCP',
      "peer[1].connections[0].to: 'lan_2': there is one network, in which all reach each other",
      'peer[1].connections[0].protocol: is not used: the reference daemon speaks TCP',
      "rdvp[0].connections[0].to: 'lan_1': there is one network, in which all reach each other",
      'settings.region: is not used: nothing is started in a cloud',
    ],
  );
  assert.deepEqual(warningsOf(withPeer('colour: red')), [
    '4:5: peer[0].colour: is not used: there is no such key here; there are name, amount, reliability, groups, connections, routers',
  ]);
});

test('with nodes that are connected, those who only help take part where they are cut', async () => {
  const nodes = async (name: string) => namedNodes(read(await exampleText(name)));
  const [open, closed] = await Promise.all(originalExamples.map(nodes));
  assert.deepEqual(open, ['garden-peers-1', 'garden-peers-2', 'garden-peers-3', 'meeting-point-1']);
  assert.deepEqual(closed, ['kitchen-1', 'kitchen-2', 'cellar-1']);
});

test('its mistakes have places too, and the two forms do not mix', () => {
  assert.deepEqual(
    mistakesOf(
      `peer:
  - {name: p, amount: two, reliability: 1 in 5, groups: [{name: g, tests: [{type: txt, size: big, interval: 0, amount: 1}]}]}
  - {name: q, amount: 2, groups: [{name: g, tests: [{type: text, size: 40MB, interval: 1, amount: 1}]}], routers: [{type: router, address: x}]}
  - {name: '###', amount: 1}
rdvp: {name: r}
relay:
  - {name: s, amount: 1, groups: [{name: g}]}
`,
      { provider: 'lab' },
    ),
    [
      "2:15: peer[0].amount: 'two' is not a whole number",
      "2:28: peer[0].reliability: '1 in 5' is not 'SECONDS,ODDS', such as 120,10",
      '3:66: peer[1].groups[0].tests[0].size: at most 3.9 MB: a longer message fits into no gRPC message',
      "3:117: peer[1].routers[0].type: 'router' must be one of rdvp, relay, bootstrap",
      '4:6: peer[2].name: has no letter and no digit',
      '5:1: rdvp: must be a list',
      '7:35: relay[0].groups[0]: a relay has no groups: only peers and replication servers have',
    ].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)),
  );
  assert.deepEqual(mistakesOf(`${withPeer('')}seed: 7\nnodes: {}\n`), [
    "6:1: seed: belongs to postern's own form, 'peer' to the form of infra-testing-tool: a file has one of the two",
    "7:1: nodes: belongs to postern's own form, 'peer' to the form of infra-testing-tool: a file has one of the two",
  ]);
});
