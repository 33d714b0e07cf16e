import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mistakesOf } from '../scenarios.js';

test('no name that is written steers a terminal', () => {
  const told = mistakesOf(
    'nodes: {"a\\u001b[31m": , b: }\ngroups: {"g\\u0007": {members: [b, d], tests: {}}}',
  );
  assert.ok(told.some((one) => one.endsWith("there is no node 'd'; did you mean 'b'?")));
  assert.ok(told.some((one) => one.includes('groups.g?: sends nothing')));
  const others = mistakesOf('nodes: {"a\\u001b[31m": , b: }\ngroups: {g: {members: nobody, tests: {}}}');
  assert.ok(
    others.some((one) => one.endsWith("there is no node 'nobody'; there are a?[31m, b")),
    others.join(),
  );
  for (const one of [...told, ...others]) assert.doesNotMatch(one, /\p{Cc}/u);
});

test('of very many mistakes the first ones are told, and how many more there are', () => {
  const keys = Array.from({ length: 1_000 }, (_, i) => `key${i}: 1`).join('\n');
  const told = mistakesOf(`nodes: {a: , b: }\ngroups: {g: {tests: {t: {type: text, amount: 1}}}}\n${keys}`);
  assert.equal(told.length, 201);
  assert.equal(told.at(-1), 'and 800 more');
});
