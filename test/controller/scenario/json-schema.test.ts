import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { misdeeds } from '../../../src/controller/scenario/daemon-schema.js';
import { scenarioJsonSchema, scenarioSchemaText } from '../../../src/controller/scenario/json-schema.js';
import { misdeeds as daemonMisdeeds } from '../../../src/daemon/misbehave/plan.js';
import { checkoutRoot } from '../../support/processes.js';
import { exampleText, mistakesOf, ownExamples } from '../scenarios.js';
import { schemaErrors } from './schema-check.js';

const schema = scenarioJsonSchema();
/** A scenario that has everything once. */
const whole = `name: whole
seed: 7
provider: lab
nodes: {a: {count: 2, public: true}, b: , c: {daemon: {role: relay, misbehave: {lose: 5}}}}
groups: {g: {members: [a, b], tests: {t: {type: text, size: 1KB, interval: 1s, amount: 10, after: 0s, senders: b}}}}
faults:
  - {kind: [link, peers], nodes: {any: 1, of: a}, every: 2s, odds: 3, for: 1s, at: 1s}
  - {kind: [loss, delay], share: 2.5%, delay: 5ms, jitter: 1ms, scope: host, direction: in, from: [a], way: kernel, for: 1s}
  - {kind: rate, rate: 4KiB, nodes: b, during: draining, for: 1s}
  - {kind: clock, clock: -30m, nodes: b, for: 1s}
  - {kind: interface, interface: eth0, nodes: [a-1, b], for: 1s}
  - {partition: bridge, nodes: [a, b, c], for: 1s}
  - {partition: {halves: [[a-1], b]}, for: 1s}
  - {partition: {one-way: {from: a, to: b}}, for: 1s}
  - {reliability: '120,10'}
control: {amount: 3, interval: 100ms}
arm: 1s
settle: 1s
allow: {lost: 1, late: 1%}
patience: {gather: 1s}
`;

test('the schema in the package is that of the program', async () => {
  assert.equal(
    await readFile(path.join(checkoutRoot, 'schemas/scenario.schema.json'), 'utf8'),
    scenarioSchemaText(),
    'make it anew: postern scenario schema > schemas/scenario.schema.json',
  );
});

test('the examples are valid by the schema', async () => {
  for (const name of ownExamples) {
    const text = await exampleText(name);
    assert.deepEqual(schemaErrors(schema, parse(text)), [], name);
    assert.match(text, /^# yaml-language-server: \$schema=\.\.\/\.\.\/schemas\/scenario\.schema\.json\n/);
  }
  assert.deepEqual([schemaErrors(schema, parse(whole)), mistakesOf(whole)], [[], []]);
});

test('what the schema refuses, the program refuses', () => {
  const spoilt: readonly [from: string, to: string][] = [
    ['name: whole', 'name: Whole'],
    ['seed: 7', 'seed: -7'],
    ['provider: lab', 'provider: cloud'],
    ['{a: {count: 2', '{A: {count: 2'],
    ['count: 2', 'count: 0'],
    ['count: 2', 'count: two'],
    ['public: true', 'public: 1'],
    ['role: relay', 'role: rely'],
    ['lose: 5', "lose: '@0'"],
    ['lose: 5', 'loose: 5'],
    ['members: [a, b]', 'members: {a: b}'],
    ['{t: {type', '{T_t: {type'],
    ['type: text', 'type: talk'],
    ['type: text, ', ''],
    ['size: 1KB', 'size: 1 apple'],
    ['interval: 1s', 'interval: 1 second'],
    ['amount: 10', 'amount: 1.5'],
    [', amount: 10', ''],
    ['kind: [link, peers]', 'kind: []'],
    ['kind: [link, peers]', 'kind: lnk'],
    ['odds: 3', 'odds: 0'],
    ['share: 2.5%', 'share: 0.025'],
    ['share: 2.5%', 'share: 101%'],
    ['delay: 5ms', 'delay: 5 ms'],
    ['scope: host', 'scope: everywhere'],
    ['direction: in', 'direction: inside'],
    ['from: [a]', 'from: {a: b}'],
    ['way: kernel', 'way: nft'],
    ['rate: 4KiB', 'rate: 4 apples'],
    ['during: draining', 'during: later'],
    ['clock: -30m', 'clock: --30m'],
    ['interface: eth0', 'interface: -f'],
    ['partition: bridge', 'partition: one-way'],
    ['[[a-1], b]', '[[a-1]]'],
    ['one-way: {from: a, to: b}', 'one-way: {from: a, into: b}'],
    ["reliability: '120,10'", 'reliability: [120, 10]'],
    ['any: 1', 'some: 1'],
    ['amount: 3', 'amount: 0'],
    ['arm: 1s', 'arm: [1s]'],
    ['lost: 1', 'lost: none'],
    ['late: 1%', 'late: 101%'],
    ['gather: 1s', 'gathering: 1s'],
    ['settle: 1s', 'settel: 1s'],
  ];
  for (const [from, to] of spoilt) {
    const text = whole.replace(from, to);
    assert.notEqual(text, whole, from);
    assert.ok(schemaErrors(schema, parse(text)).length > 0, `by the schema: ${to}`);
    assert.ok(mistakesOf(text).length > 0, `by the program: ${to}`);
  }
});

test('every key says what it is', () => {
  const silent: string[] = [];
  const walk = (value: unknown, where: string): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'properties' && !where.endsWith('misbehave')) {
        for (const [name, property] of Object.entries(inner ?? {})) {
          if (typeof property === 'object' && property !== null && !('description' in property))
            silent.push(`${where}.${name}`);
          walk(property, `${where}.${name}`);
        }
      } else walk(inner, where);
    }
  };
  walk(schema, '');
  assert.deepEqual(silent, []);
});

test('what a daemon may do wrong is what the reference daemon can', () => {
  assert.deepEqual(misdeeds, daemonMisdeeds);
});
