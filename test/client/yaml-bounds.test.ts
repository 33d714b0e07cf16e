import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readerFor } from '../../src/client/codecs/codecs.js';
import { PosternError } from '../../src/errors.js';

/** A list of many lists of many lists, made of little. */
function laughs(levels: number): string {
  const lines = Array.from({ length: levels }, (_, at) => {
    const inner = Array(9).fill(`*a${at}`).join(', ');
    return `a${at + 1}: &a${at + 1} [${inner}]`;
  });
  return ['a0: &a0 [x]', ...lines].join('\n');
}

for (const [what, text, says] of [
  [
    'much made of little',
    laughs(20),
    /^line \d+, column \d+: it holds more than 250000 values, with those that/,
  ],
  [
    'a long line',
    `a: ${'x'.repeat(16 << 20)}`,
    /^a document is longer than 16777216 bytes: write it as JSON$/,
  ],
  [
    'many lines',
    `a: ${'x'.repeat(1_000)}\n`.repeat(20_000),
    /^line 1, column 1: it has 20080000 bytes: more than 16777216 are not read$/,
  ],
  ['deep lists', '['.repeat(1 << 20), /^line 1, column 1: it is nested too deep$/],
  ['a list in itself', 'a: &a [*a, *a]', /^line 1, column \d+: it is nested deeper than 512$/],
] as const) {
  test(`a YAML document that is too large or would take long is refused within a second: ${what}`, () => {
    const { user } = process.cpuUsage();
    const reader = readerFor('yaml', 'a text');
    const refused = (thrown: unknown): boolean => {
      assert.ok(thrown instanceof PosternError && thrown.code === 'YAML_INVALID', String(thrown));
      assert.match(thrown.message.replace(/^a text is not YAML: /, ''), says);
      return true;
    };
    assert.throws(() => [...reader.push(text), ...reader.end()], refused);
    assert.ok(process.cpuUsage().user - user < 1_000_000);
  });
}
