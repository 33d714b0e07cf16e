import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { checkoutRoot } from '../support/processes.js';
import { unitsDir } from './units.js';

test('hub.yaml has, as comments, what the documentation says for account services', async () => {
  const text = await readFile(path.join(unitsDir, 'config/hub.yaml'), 'utf8');
  const [, after = ''] = text.split(/^# Where postern-accounts runs: .*$/m);
  // Without the blank of a sentence: a setting.
  const settings = parse(after.replaceAll(/^#(?! \S)/gm, ''));
  const docs = await readFile(path.join(checkoutRoot, 'docs/accounts.md'), 'utf8');
  const [, block = ''] = /```yaml\n(jwt:[^`]*)```/.exec(docs) ?? [];
  assert.deepEqual(settings, parse(block));
  assert.equal(settings.routes.length, 5);
});
