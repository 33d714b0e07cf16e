import assert from 'node:assert/strict';
import { it } from 'node:test';
import { redactedText } from '../../src/inspector/run-file/redacted.js';

it('the scenario in a file of a run holds no secret, over however many lines it goes', () => {
  for (const [text, shown] of [
    ['token: hunter2\nnext: 1', 'token: [secret]\nnext: 1'],
    ['a:\n  token: |\n    hunter2\n   \n    hunter2\n  next: 1', 'a:\n  token: [secret]\n  next: 1'],
    ['password:\n  hunter2\nnext: 1', 'password: [secret]\nnext: 1'],
    ['tokens:\n- hunter2\n- hunter2\nnext: 1', 'tokens: [secret]\nnext: 1'],
    ['- token: >-\n    hunter2\n  next: 1', '- token: [secret]\n  next: 1'],
    ["token: 'a''hunter2'", 'token: [secret]'],
    ['authorization: Basic a, hunter2', 'authorization: [secret]'],
    ['metadata: { authorization: hunter2, next: 1 }', 'metadata: { authorization: [secret], next: 1 }'],
    ['{"token":"hunter2","next":1}', '{"token":[secret],"next":1}'],
    ['url: https://me:hunter2@host/path', 'url: https://[secret]@host/path'],
    ['key: |\n  -----BEGIN PRIVATE KEY-----\n  hunter2\n  -----END PRIVATE KEY-----', 'key: |\n  [secret]'],
    ['# a token stands here\nkind: token\nnext: 1', '# a token stands here\nkind: token\nnext: 1'],
  ] as const) {
    assert.equal(redactedText(text), shown);
  }
});

it('a scenario of one long line is looked through at once', () => {
  const began = process.cpuUsage();
  for (const part of ['a', 'token', ' ', '- ', 'a-', '-----BEGIN PRIVATE KEY', '[a', '"token":"']) {
    redactedText(part.repeat(50_000 / part.length));
  }
  // Time of the processor: what else the machine does does not count.
  const { user, system } = process.cpuUsage(began);
  assert.ok(user + system < 2_000_000, `${user + system} us`);
});
