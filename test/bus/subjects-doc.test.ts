import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { subjectsDoc, subjectsDocPath } from '../../scripts/subjects-doc.js';
import { stores, subjects } from '../../src/bus/subjects.js';

describe('docs/subjects.md', () => {
  it('is what the declarations say now', async () => {
    const hint = 'run node dist/scripts/subjects-doc.js';
    assert.equal(await readFile(subjectsDocPath, 'utf8'), subjectsDoc(), hint);
  });

  it('names every subject, stream and bucket', () => {
    const text = subjectsDoc();
    for (const { pattern } of Object.values(subjects)) assert.ok(text.includes(pattern), pattern);
    for (const { bucket } of Object.values(stores)) assert.ok(text.includes(bucket), bucket);
    for (const declaration of Object.values(subjects)) {
      if ('keep' in declaration) assert.ok(text.includes(declaration.keep?.stream ?? '-'));
    }
  });
});
