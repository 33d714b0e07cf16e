import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultRules } from '../../../src/controller/judging/rules.js';
import { readRules } from '../../../src/controller/judging/rules-schema.js';

test('rules that are written down hold, and those of before where nothing is said', () => {
  assert.deepEqual(readRules({}), defaultRules);
  const base = { ...defaultRules, lost: 7, convergenceMs: 100 };
  assert.deepEqual(readRules({ late: 0.25, reordered: 0 }, base), { ...base, late: 0.25, reordered: 0 });
  const all = {
    lost: 'any',
    duplicated: 1,
    reordered: 2,
    lateAfterMs: 10,
    late: 0,
    convergenceMs: 3,
  } as const;
  assert.deepEqual(readRules(all, base), all);
});

test('of bad rules every mistake is named, with where it is', () => {
  const bad = { lost: -1, duplicated: 'some', late: 2, lateAfterMs: 0, convergenceMs: -5, last: 1 };
  assert.throws(
    () => readRules(bad),
    (thrown: Error & { code?: string; hint?: string; exitCode?: number }) => {
      assert.deepEqual([thrown.code, thrown.exitCode], ['RULES_INVALID', 2]);
      for (const name of Object.keys(bad)) assert.match(thrown.message, new RegExp(`\\b${name}\\b`), name);
      assert.match(thrown.hint ?? '', /lost, duplicated, reordered, lateAfterMs, late, convergenceMs/);
      return true;
    },
  );
  assert.throws(() => readRules('all'), { code: 'RULES_INVALID' });
  assert.throws(() => readRules(null), { code: 'RULES_INVALID' });
});
