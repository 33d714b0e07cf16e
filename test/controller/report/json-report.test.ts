import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { jsonReport } from '../../../src/controller/report/json-report.js';
import { reportSchemaText } from '../../../src/controller/report/judgement-schema.js';
import { checkoutRoot } from '../../support/processes.js';
import { madeJudgement, smallRun } from './made-judgement.js';

const small = madeJudgement(smallRun());

test('a report as JSON is the whole judgement', () => {
  assert.deepEqual(JSON.parse(jsonReport(small)), small);
});

test('the same judgement gives the same text, however it was put together', () => {
  const shuffled = JSON.parse(JSON.stringify(small, (_, value: unknown) => backwards(value)));
  assert.notEqual(JSON.stringify(shuffled), JSON.stringify(small));
  assert.equal(jsonReport(shuffled), jsonReport(small));
});

test('lists of numbers stand on one line, and texts that look like some stay what they are', () => {
  const text = '[\n  1,\n  2\n] [ 1, 2 ] [\u2028 1\u2028 ]';
  const made = madeJudgement({ ...smallRun(), reasons: [{ code: 'x', verdict: 'fail', text }] });
  const written = jsonReport(made);
  assert.deepEqual(JSON.parse(written), made);
  assert.match(written, /^ +\[\d+, [\d.]+, \d, \d\],$/m);
});

test('the published schema is the one of the program', async () => {
  const published = await readFile(path.join(checkoutRoot, 'schemas/report.schema.json'), 'utf8');
  assert.equal(
    published,
    reportSchemaText(),
    'node dist/scripts/report-schema.js > schemas/report.schema.json',
  );
});

test('what is no judgement is not reported', () => {
  assert.throws(() => jsonReport({ ...small, records: -1 }), /records/);
});

/** The fields of an object the other way round. */
function backwards(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).reverse());
}
