import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { namedNodes } from '../../../src/controller/scenario/scenario.js';
import { checkoutRoot } from '../../support/processes.js';
import { exampleText, mistakesOf, ownExamples, read, warningsOf } from '../scenarios.js';

const peer = { role: 'peer', peers: ['north', 'south'], rdvp: [], relay: [], bootstrap: [] };
const plain = { during: 'running', wish: { amounts: {} } };
const unset = {
  acknowledge: undefined,
  minBackoffMs: undefined,
  maxBackoffMs: undefined,
  idleMs: undefined,
  syncMs: undefined,
  misbehave: undefined,
};

test('what a scenario leaves out has a value', async () => {
  assert.deepEqual(read(await exampleText('hello.yaml')), {
    name: 'f',
    form: 'postern',
    provider: 'connected',
    nodes: ['north', 'south'].map((entry) => ({
      entry,
      names: [entry],
      public: false,
      daemon: { ...peer, ...unset },
    })),
    groups: [
      {
        name: 'chat',
        members: ['north', 'south'],
        tests: [
          {
            name: 'ping',
            workload: { type: 'text' },
            size: 1_000,
            intervalMs: 1_000,
            amount: 10,
            afterMs: 0,
          },
        ],
      },
    ],
    faults: [],
    control: { amount: 5, intervalMs: 200 },
    armMs: 5_000,
    settleMs: 30_000,
    patience: { gatherMs: 30_000, groupMs: 60_000, readyMs: 60_000, collectMs: 120_000 },
    rules: { lost: 0, duplicated: 0, reordered: 'any', late: 'any', lateAfterMs: 5_000 },
    warnings: [],
  });
});

test('everything that can be said is heard', () => {
  const scenario = read(`
name: all-of-it
seed: "0007"
provider: lab
nodes:
  peers: {count: 2, public: true, daemon: {misbehave: {lose: 50, double: '@7'}, idle: 2}}
  late: {daemon: {peers: peers-1, relay: [], sync: 1s}}
  relays: {count: 2, daemon: {role: relay}}
  meet: {daemon: {role: rdvp}}
daemon: {acknowledge: true, min_backoff: 50ms, max_backoff: 1m30s}
groups:
  one:
    members: [peers, late]
    tests:
      pics: {type: media, size: 4KiB, interval: 0.5, amount: 3, after: 1m}
      rpc:
        type: call
        method: a.b/C
        request: {n: 1, list: [{x: '{{body}}'}], none: null}
        size: 2 kB
        amount: 7
        senders: [late, peers-2]
faults:
  - {kind: restart, nodes: meet, at: 90}
  - {kind: [kill, link, kill], nodes: {any: 1, of: [peers, late]}, at: 1s, every: 10s, odds: 4, for: 10s}
  - {kind: link, nodes: {any: 2}, for: 1s}
control: {amount: 2, interval: 50ms}
arm: 100ms
settle: 0s
allow: {lost: any, duplicated: 3, reordered: 0, late: 12.5%}
late_after: 1.5s
convergence: 1h
patience: {gather: 1s, group: 2s, ready: 3s, collect: 4s}
`);
  const daemon = { ...unset, acknowledge: true, minBackoffMs: 50, maxBackoffMs: 90_000 };
  const others = {
    peers: ['peers-1', 'peers-2', 'late'],
    rdvp: ['meet'],
    relay: ['relays-1', 'relays-2'],
    bootstrap: [],
  };
  assert.deepEqual(scenario.nodes, [
    {
      entry: 'peers',
      names: ['peers-1', 'peers-2'],
      public: true,
      daemon: { ...daemon, role: 'peer', ...others, idleMs: 2_000, misbehave: 'lose=50,double=@7' },
    },
    {
      entry: 'late',
      names: ['late'],
      public: false,
      daemon: { ...daemon, role: 'peer', ...others, peers: ['peers-1'], relay: [], syncMs: 1_000 },
    },
    {
      entry: 'relays',
      names: ['relays-1', 'relays-2'],
      public: false,
      daemon: { ...daemon, role: 'relay', ...others, peers: [] },
    },
    {
      entry: 'meet',
      names: ['meet'],
      public: false,
      daemon: { ...daemon, role: 'rdvp', ...others, peers: [] },
    },
  ]);
  assert.deepEqual(scenario.groups, [
    {
      name: 'one',
      members: ['peers', 'late'],
      tests: [
        {
          name: 'pics',
          workload: { type: 'media' },
          size: 4_096,
          intervalMs: 500,
          amount: 3,
          afterMs: 60_000,
        },
        {
          name: 'rpc',
          workload: {
            type: 'call',
            method: 'a.b/C',
            requestJson: '{"n":1,"list":[{"x":"{{body}}"}],"none":null}',
          },
          size: 2_000,
          intervalMs: 1_000,
          amount: 7,
          afterMs: 0,
          senders: ['late', 'peers-2'],
        },
      ],
    },
  ]);
  assert.deepEqual(scenario.faults, [
    { ...plain, path: 'faults[0]', kinds: ['restart'], nodes: { of: ['meet'] }, atMs: 90_000, forMs: 0 },
    {
      ...plain,
      path: 'faults[1]',
      kinds: ['kill', 'link'],
      nodes: { of: ['peers', 'late'], any: 1 },
      atMs: 1_000,
      forMs: 10_000,
      repeat: { everyMs: 10_000, odds: 4 },
    },
    {
      ...plain,
      path: 'faults[2]',
      kinds: ['link'],
      nodes: { of: ['peers', 'late', 'relays', 'meet'], any: 2 },
      atMs: 0,
      forMs: 1_000,
    },
  ]);
  const { name, seed, provider, control, armMs, settleMs, patience, rules } = scenario;
  assert.deepEqual(
    { name, seed, provider, control, armMs, settleMs },
    {
      name: 'all-of-it',
      seed: '0007',
      provider: 'lab',
      control: { amount: 2, intervalMs: 50 },
      armMs: 100,
      settleMs: 0,
    },
  );
  assert.deepEqual(patience, { gatherMs: 1_000, groupMs: 2_000, readyMs: 3_000, collectMs: 4_000 });
  assert.deepEqual(rules, {
    lost: 'any',
    duplicated: 3,
    reordered: 0,
    late: 0.125,
    lateAfterMs: 1_500,
    convergenceMs: 3_600_000,
  });
  assert.deepEqual(namedNodes(scenario), ['peers-1', 'peers-2', 'late', 'relays-1', 'relays-2', 'meet']);
});

test('labels are a map or a selector', () => {
  const tests = 'groups: {g: {tests: {t: {type: text, amount: 3}}}}';
  const labels = (written: string) =>
    read(`nodes: {x: {labels: ${written}, min: 3}}\n${tests}`).nodes[0]?.select;
  assert.deepEqual(labels('{site: attic, rack: 4}'), { labels: 'site=attic,rack=4', min: 3 });
  assert.deepEqual(labels("'site=attic,!gpu'"), { labels: 'site=attic,!gpu', min: 3 });
});

test('a scenario without a name has that of its file, and the provider can be another one', async () => {
  const { readScenario } = await import('../../../src/controller/scenario/read-scenario.js');
  const text = await exampleText('hello.yaml');
  assert.equal(readScenario(text, '/some/where/Two Nodes.scenario.yaml').name, 'two-nodes');
  assert.equal(readScenario(text, '---.yaml').name, 'scenario');
  assert.equal(readScenario(text, 'x', { provider: 'lab' }).provider, 'lab');
});

test('the examples can be read, and nothing is to be said against them', async () => {
  for (const name of ownExamples) assert.deepEqual(warningsOf(await exampleText(name)), [], name);
});

test('so can those in the documentation', async () => {
  const page = await readFile(path.join(checkoutRoot, 'docs/scenarios.md'), 'utf8');
  const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  const [whole = '', faults = ''] = blocks;
  assert.equal(blocks.length, 2);
  assert.deepEqual(warningsOf(whole), []);
  // Long enough for all of these faults, on nodes that may have labels.
  const [rest] = whole.replace('provider: lab\n', '').replace('amount: 40', 'amount: 400').split('faults:');
  assert.deepEqual(warningsOf(`${rest}${faults}`), []);
});

test('JSON is read too', () => {
  const json = JSON.stringify({
    nodes: { a: {}, b: null },
    groups: { g: { tests: { t: { type: 'text', amount: 3 } } } },
  });
  assert.deepEqual(mistakesOf(json), []);
});
