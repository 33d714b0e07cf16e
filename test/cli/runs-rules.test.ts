import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bashScript } from '../../src/cli/completion/bash.js';
import { fishScript } from '../../src/cli/completion/fish.js';
import { zshScript } from '../../src/cli/completion/zsh.js';
import { statusOfRun } from '../../src/cli/runs/exit-status.js';
import { rulesDifference } from '../../src/cli/runs/rules-difference.js';
import { readRulesText } from '../../src/cli/runs/wanted-rules.js';
import { defaultRules } from '../../src/controller/judging/rules.js';
import { readRules } from '../../src/controller/judging/rules-schema.js';
import { postern } from './postern.js';

test('a file of rules is read as the same part of a scenario, YAML or JSON', () => {
  const yaml =
    'allow: {lost: 2, duplicated: any, reordered: 0, late: 1%}\nlate_after: 2s\nconvergence: 1m30s\n';
  const json = JSON.stringify({
    allow: { lost: 2, duplicated: 'any', reordered: 0, late: '1%' },
    late_after: 2,
    convergence: '90s',
  });
  for (const text of [yaml, json]) {
    assert.deepEqual(readRulesText(text, 'r'), {
      lost: 2,
      duplicated: 'any',
      reordered: 0,
      late: 0.01,
      lateAfterMs: 2_000,
      convergenceMs: 90_000,
    });
  }
  assert.deepEqual(readRulesText('allow: {lost: any}\n', 'r'), { lost: 'any' });
});

test('what is read is what a hub takes', () => {
  const rules = readRulesText('allow: {lost: any, late: 0}\nlate_after: 100ms\n', 'r');
  const written: unknown = JSON.parse(JSON.stringify(rules));
  assert.deepEqual(readRules(written), { ...defaultRules, lost: 'any', late: 0, lateAfterMs: 100 });
});

test('every mistake of a file of rules is told with its place', () => {
  const text = 'allow: {losst: 3, late: 5x}\nlate_after: 5q\nname: x\n';
  assert.throws(
    () => readRulesText(text, 'strict.yaml'),
    ({ code, exitCode, message }: { code?: string; exitCode?: number; message?: string }) => {
      assert.deepEqual([code, exitCode], ['RULES_INVALID', 2]);
      assert.match(message ?? '', /strict\.yaml:1:9: allow\.losst: .* did you mean 'lost'\?/);
      assert.match(message ?? '', /strict\.yaml:1:19: allow\.late: '5x' is not a share/);
      assert.match(message ?? '', /strict\.yaml:2:1: late_after: '5q' is not a duration/);
      assert.match(
        message ?? '',
        /strict\.yaml:3:1: name: there is no such key here; there are allow, late_after/,
      );
      return true;
    },
  );
  for (const broken of ['', '[]', '7', 'allow: {']) {
    assert.throws(() => readRulesText(broken, 'r'), { code: 'RULES_INVALID' }, broken);
  }
});

test('wrong rules are told before a hub is asked, all at once', async () => {
  const words = ['--lost', 'x', '--late', '3', '--late-after', '5q', '--hub', '127.0.0.1:1'];
  const { code, stderr } = await postern(['check', 'some-run', ...words]);
  assert.equal(code, 2);
  for (const name of ['--lost: ', '--late: ', '--late-after: ']) assert.ok(stderr.includes(name), stderr);
});

test('the rules that are not those of the scenario are named with both', () => {
  const rules = { ...defaultRules, lost: 2, late: 0.015, convergenceMs: 5_000 } as const;
  assert.deepEqual(rulesDifference(rules, defaultRules), [
    'allow.lost: 2 (the scenario: 0)',
    'allow.late: 1.5% (the scenario: any)',
    'convergence: 5s (the scenario: no rule)',
  ]);
  assert.deepEqual(rulesDifference(rules, rules), []);
});

test('the exit status tells the verdict, and never a pass of a run that was ended', () => {
  const cases = [
    ['passed', 'pass', 0],
    ['failed', 'fail', 3],
    ['unknown', 'unknown', 4],
    ['unknown', '', 4],
    ['aborted', '', 4],
    ['aborted', 'unknown', 4],
    ['aborted', 'pass', 4],
    ['aborted', 'fail', 3],
    ['refused', '', 2],
  ] as const;
  for (const [state, verdict, status] of cases) {
    assert.equal(statusOfRun({ state, verdict }), status, `${state} ${verdict}`);
  }
});

test('every shell asks for the runs where one is named', () => {
  assert.match(bashScript(), /"check:0"\) COMPREPLY\+=.*_postern_runs/);
  assert.match(zshScript(), /'runs watch'\)\n(?:(?! ;;)[\s\S])*'1:argument:_postern_runs'/);
  assert.match(fishScript(), /__postern_at 0 runs stop' -f -a '\(__postern_runs\)'/);
  for (const script of [bashScript(), zshScript(), fishScript()])
    assert.match(script, /postern complete-runs/);
});
