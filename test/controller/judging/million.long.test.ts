import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

/** All of the process that judges: its program, the thread, and the records on their way. */
const mostMiB = 400;

test('a million records are judged in bounded memory', { timeout: 600_000 }, async (t) => {
  const script = path.join(import.meta.dirname, 'million.js');
  const { stdout } = await promisify(execFile)(process.execPath, [script, '1000000']);
  const { records, lost, codes, found, seconds, mib, longestTurn } = JSON.parse(stdout);
  t.diagnostic(`${records} records in ${seconds} s, ${mib} MiB, the loop stood still for ${longestTurn} ms`);
  assert.ok(records >= 1_000_000, `${records} records`);
  assert.deepEqual(codes, ['lost']);
  assert.deepEqual(
    found,
    Array.from({ length: lost }, (_, at) => `a#${(at + 1) * 1_000}`),
  );
  assert.equal(lost, 16);
  assert.ok(mib < mostMiB, `${mib} MiB`);
});
