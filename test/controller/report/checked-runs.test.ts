import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml, type XmlElement } from '../../../src/client/codecs/parse-xml.js';
import { htmlReport } from '../../../src/controller/report/html-report.js';
import { jsonReport } from '../../../src/controller/report/json-report.js';
import { junitReport } from '../../../src/controller/report/junit-report.js';
import { troubles } from '../../../src/controller/report/standing.js';
import { sumOf } from '../../../src/controller/report/sums.js';
import { terminalReport } from '../../../src/controller/report/terminal-report.js';
import { checkedRun } from './checked-run.js';

function descendants(element: XmlElement): XmlElement[] {
  return element.children.flatMap((child) => [child, ...descendants(child)]);
}

const seeds = Array.from({ length: 12 }, (_, i) => i + 1);
const runs = seeds.map((seed) => ({ seed, judgement: checkedRun(seed) }));

test('what the checker says of generated runs is told by all reports alike', () => {
  assert.deepEqual([...new Set(runs.map(({ judgement }) => judgement.verdict))].sort(), [
    'fail',
    'pass',
    'unknown',
  ]);
  for (const { seed, judgement } of runs) {
    const { verdict, reasons } = judgement;
    assert.deepEqual(
      JSON.parse(jsonReport(judgement)),
      JSON.parse(JSON.stringify(judgement)),
      `seed ${seed}`,
    );

    const [first = ''] = terminalReport(judgement, { width: 100 }).split('\n');
    assert.equal(first, `${verdict.toUpperCase()} ${judgement.plan.scenario}`);

    const root = parseXml(junitReport(judgement), { name: 'junit', line: 1, column: 1 });
    const outcomes = new Set(descendants(root).map(({ name }) => name));
    assert.equal(outcomes.has('failure'), verdict === 'fail', `seed ${seed}`);
    if (verdict === 'pass') assert.ok(!outcomes.has('error'), `seed ${seed}`);
    if (verdict === 'unknown') assert.ok(outcomes.has('error'), `seed ${seed}`);

    const page = htmlReport(judgement);
    const data = /id="judgement">(.*?)<\/script>/s.exec(page)?.[1] ?? '';
    assert.deepEqual(JSON.parse(data), JSON.parse(JSON.stringify(judgement)), `seed ${seed}`);
    assert.equal(verdict === 'pass', reasons.length === 0);
  }
});

test('the troubles of all pairs of a test are those of the test', () => {
  for (const { seed, judgement } of runs) {
    for (const { test: name, pairs, totals } of judgement.tests) {
      const sum = sumOf(pairs.map(({ counts }) => counts));
      for (const trouble of troubles)
        assert.equal(sum[trouble], totals[trouble], `seed ${seed}, ${name}: ${trouble}`);
    }
  }
});
