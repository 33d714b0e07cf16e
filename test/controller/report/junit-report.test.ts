import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml, type XmlElement } from '../../../src/client/codecs/parse-xml.js';
import type { Judgement } from '../../../src/controller/judging/judgement.js';
import { defaultRules } from '../../../src/controller/judging/rules.js';
import { junitReport } from '../../../src/controller/report/junit-report.js';
import { madeJudgement, smallRun } from './made-judgement.js';

/** What each element of JUnit XML may hold, and which attributes it must and may have. */
const rules: Readonly<Record<string, { holds: string[]; must: string[]; may: string[] }>> = {
  testsuites: { holds: ['testsuite'], must: ['name', 'tests', 'failures', 'errors', 'time'], may: [] },
  testsuite: {
    holds: ['properties', 'testcase'],
    must: ['name', 'tests', 'failures', 'errors', 'skipped', 'time', 'timestamp'],
    may: [],
  },
  properties: { holds: ['property'], must: [], may: [] },
  property: { holds: [], must: ['name', 'value'], may: [] },
  testcase: { holds: ['failure', 'error', 'system-out'], must: ['name', 'classname', 'time'], may: [] },
  failure: { holds: [], must: ['message', 'type'], may: [] },
  error: { holds: [], must: ['message', 'type'], may: [] },
  'system-out': { holds: [], must: [], may: [] },
};

function read(judgement: Judgement): XmlElement {
  const root = parseXml(junitReport(judgement), { name: 'junit', line: 1, column: 1 });
  assert.equal(root.name, 'testsuites');
  check(root);
  return root;
}

function check(element: XmlElement): void {
  const rule = rules[element.name] ?? assert.fail(`<${element.name}>`);
  const names = [...element.attributes.keys()];
  assert.deepEqual(
    names.filter((name) => ![...rule.must, ...rule.may].includes(name)),
    [],
    element.name,
  );
  assert.deepEqual(
    rule.must.filter((name) => !names.includes(name)),
    [],
    element.name,
  );
  const inner = element.children.map(({ name }) => name);
  assert.deepEqual(
    inner.filter((name) => !rule.holds.includes(name)),
    [],
    element.name,
  );
  if (element.name === 'testcase') assert.ok(inner.filter((name) => name !== 'system-out').length <= 1);
  if (element.name === 'testsuite')
    assert.ok(inner.lastIndexOf('properties') === 0, 'properties come first, once');
  if (element.name.startsWith('testsuite')) checkCounts(element);
  element.children.forEach(check);
}

function checkCounts(element: XmlElement): void {
  const cases = all(element, 'testcase');
  const holding = (name: string): string =>
    String(cases.filter(({ children }) => children.some((child) => child.name === name)).length);
  assert.equal(element.attributes.get('tests'), String(cases.length));
  assert.equal(element.attributes.get('failures'), holding('failure'));
  assert.equal(element.attributes.get('errors'), holding('error'));
}

function all(element: XmlElement, name: string): XmlElement[] {
  return element.children.flatMap((child) => [...(child.name === name ? [child] : []), ...all(child, name)]);
}

/** `suite/case` of those with such an outcome, and what it says. */
function outcomes(root: XmlElement, kind: 'failure' | 'error'): [string, string][] {
  return root.children.flatMap((suite, i) =>
    suite.children.flatMap((one): [string, string][] => {
      const found = one.children.find(({ name }) => name === kind);
      return found === undefined ? [] : [[`${i}/${one.attributes.get('name')}`, found.text]];
    }),
  );
}

test('there is a case per receiver, lost is a failure and unknown an error', () => {
  const small = madeJudgement(smallRun());
  const root = read(small);
  const main = small.tests[1]?.pairs ?? [];
  assert.equal(root.children.length, 3);
  assert.deepEqual(
    root.children[2]?.children.slice(1).map((one) => one.attributes.get('name')),
    small.plan.nodes,
  );
  const expected = small.plan.nodes.flatMap((node): [string, string][] => {
    const own = main.filter(({ receiver, counts }) => receiver === node && counts.lost > 0);
    const lines = own.map(({ sender, receiver, counts }) => `${sender} to ${receiver}: ${counts.lost} lost`);
    return lines.length === 0 ? [] : [[`2/${node}`, lines.join('\n')]];
  });
  assert.ok(expected.length > 0);
  assert.deepEqual(outcomes(root, 'failure'), [
    ['0/verdict', 'lost: 3 messages of main-1 were lost; none may be'],
    ...expected,
  ]);
  const doubtful = main.find(({ counts }) => counts.unknown > 0);
  assert.deepEqual(outcomes(root, 'error'), [
    [`2/${doubtful?.receiver}`, `${doubtful?.sender} to ${doubtful?.receiver}: 1 unknown`],
  ]);
});

test('a run that passes has no failure, even with losses that its rules allow', () => {
  const rules = { ...defaultRules, lost: 3 };
  const made = madeJudgement({ ...smallRun(), rules, troubles: { lost: 3 }, verdict: 'pass', reasons: [] });
  const root = read({ ...made, tests: made.tests.map((one) => ({ ...one, verdict: 'pass' })) });
  assert.equal(root.attributes.get('tests'), '11');
  assert.deepEqual([...outcomes(root, 'failure'), ...outcomes(root, 'error')], []);
});

test('where nothing can be said of a test, each of its cases is an error that says why', () => {
  const reasons = [{ code: 'clock', verdict: 'unknown' as const, text: 'clocks may be wrong' }];
  const made = madeJudgement({ ...smallRun(), troubles: {}, verdict: 'unknown', reasons });
  const root = read({ ...made, tests: made.tests.map((one) => ({ ...one, verdict: 'unknown' })) });
  const errors = outcomes(root, 'error');
  assert.equal(errors.length, 11);
  assert.ok(errors.every(([, text]) => text === 'clock: clocks may be wrong'));
});

test('seed, plan, versions, rules and faults are properties of each suite', () => {
  for (const suite of read(madeJudgement(smallRun())).children) {
    const properties = Object.fromEntries(
      all(suite, 'property').map(({ attributes }) => [attributes.get('name'), attributes.get('value')]),
    );
    assert.equal(properties.seed, '7f3a-seed');
    assert.match(properties.plan ?? '', /^b1946ac9/);
    assert.equal(properties['version.north'], '0.1.0');
    assert.equal(properties['rule.lost'], '0');
    assert.equal(
      properties['fault.cut-north'],
      'link of north at +22.000 s for 3 s: confirmed; acted +22.012 s, healed +25.030 s by nft; convergence 240 ms',
    );
  }
});

test('names and texts may hold anything', () => {
  const nodes = ['<a>&"\'', 'b\u0000\u001b\ud800', 'c]]>\n\t', 'd'];
  const reasons = [{ code: 'lost', verdict: 'fail' as const, text: '</failure>\u0008 & "x"' }];
  const root = read(madeJudgement({ ...smallRun(), nodes, reasons, name: '"><' }));
  const names = root.children[1]?.children.slice(1).map((one) => one.attributes.get('name'));
  assert.deepEqual(names, ['<a>&"\'', 'b\ufffd\ufffd\ufffd', 'c]]>\n\t', 'd']);
  assert.equal(outcomes(root, 'failure')[0]?.[1], 'lost: </failure>\ufffd & "x"');
});

test('calls, which nobody receives, have a case per sender', () => {
  const made = madeJudgement({ ...smallRun(), troubles: {} });
  const [first = assert.fail()] = made.tests;
  const pairs = made.plan.nodes.map((sender) => ({ sender, counts: first.totals }));
  const root = read({ ...made, tests: [{ ...first, pairs }] });
  assert.deepEqual(
    root.children[1]?.children.slice(1).map((one) => one.attributes.get('name')),
    made.plan.nodes,
  );
});
