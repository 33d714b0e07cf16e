import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { commandWords } from '../../src/cli/command-words.js';

for (const [text, words] of [
  ['fluentd -c /etc/fluent.conf', ['fluentd', '-c', '/etc/fluent.conf']],
  ['  a   b\t c\n', ['a', 'b', 'c']],
  [`sh -c 'echo "$HOME" *'`, ['sh', '-c', 'echo "$HOME" *']],
  ['a "b \\"c\\" \\\\ \\n" d\\ e', ['a', 'b "c" \\ \\n', 'd e']],
  [`a''b "" x'y'"z"`, ['ab', '', 'xyz']],
  ['$HOME ~ a|b > c', ['$HOME', '~', 'a|b', '>', 'c']],
  ['', []],
] as const) {
  test(`the words of ${JSON.stringify(text)} are ${JSON.stringify(words)}`, () => {
    assert.deepEqual(commandWords(text), words);
  });
}

for (const text of ["a 'b", 'a "b', 'a \\']) {
  test(`${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => commandWords(text), { code: 'COMMAND_INVALID', exitCode: 2 });
  });
}

test('whatever is quoted as for a shell comes back as it was', () => {
  const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      assert.deepEqual(commandWords(words.map(quoted).join(' ')), words);
    }),
  );
});
