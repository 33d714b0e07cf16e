import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { instant, many, offset, share, span } from '../../../src/controller/report/amounts.js';
import { countColumns } from '../../../src/controller/report/columns.js';
import { troubles } from '../../../src/controller/report/standing.js';
import { checkoutRoot } from '../../support/processes.js';
import { noCounts } from './made-traffic.js';

test('time spans are as exact as people need them', () => {
  const shown = [
    0, 0.04, 0.44, 9.94, 9.96, 87.4, 999.4, 999.6, 1_250, 9_949, 9_951, 59_940, 59_960, 125_000, 3_599_600,
    12_000_000,
  ];
  assert.deepEqual(shown.map(span), [
    ...['0 ms', '0 ms', '0.4 ms', '9.9 ms', '10 ms', '87 ms', '999 ms', '1 s', '1.25 s', '9.95 s'],
    ...['10 s', '59.9 s', '1 m 00 s', '2 m 05 s', '1 h 00 m', '3 h 20 m'],
  ]);
  assert.equal(span(-1_250), '-1.25 s');
});

test('a part is all or nothing only where it is', () => {
  assert.deepEqual([0, 0.00001, 0.5, 0.997, 0.99999, 1].map(share), [
    '0 %',
    '0.1 %',
    '50 %',
    '99.7 %',
    '99.9 %',
    '100 %',
  ]);
});

test('moments are told from the beginning of the run or in UTC', () => {
  assert.deepEqual([offset(12_340), offset(-5)], ['+12.340 s', '-0.005 s']);
  assert.equal(instant(Date.UTC(2026, 2, 1, 10, 0, 0, 250)), '2026-03-01 10:00:00.250Z');
  assert.equal(instant(1e18), '1000000000000000000');
  assert.deepEqual([many(1, 'node'), many(0, 'node')], ['1 node', '0 nodes']);
});

test('every count has a column, and docs/report.md tells what each column and trouble means', async () => {
  assert.deepEqual(countColumns.map(({ key }) => key).sort(), Object.keys(noCounts).sort());
  const text = await readFile(path.join(checkoutRoot, 'docs/report.md'), 'utf8');
  for (const { title } of countColumns) assert.match(text, new RegExp(`^\\| \`${title}\` \\|`, 'm'), title);
  for (const trouble of troubles) assert.ok(text.includes(`\`${trouble}\``), trouble);
});
