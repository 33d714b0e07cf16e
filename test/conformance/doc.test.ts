import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { conformanceDoc, conformanceDocPath } from '../../scripts/conformance-doc.js';

test('docs/conformance.md has the cases and results that the tests have', async () => {
  const hint = 'run node dist/scripts/conformance-doc.js';
  assert.equal(await readFile(conformanceDocPath, 'utf8'), conformanceDoc(), hint);
});
