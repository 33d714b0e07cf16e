import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { compiledRoot, run } from '../support/processes.js';

test('a connection that is broken off at whatever moment is closed, and keeps no process', async () => {
  const program = path.join(compiledRoot, 'test/wire/break-off-process.js');
  const { code, stdout, stderr } = await run(process.execPath, [program], { timeoutMs: 20_000 });
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trim().split('\n').length, 14, stdout);
});
