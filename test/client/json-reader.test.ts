import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonReader, type JsonText } from '../../src/client/codecs/json-reader.js';
import { parseJson } from '../../src/client/codecs/parse-json.js';
import { PosternError } from '../../src/errors.js';

const start = { name: '-d', line: 1, column: 1 };

const values = (texts: readonly JsonText[]): unknown[] => texts.map(({ value }) => value);

function mistakeIn(text: string): string {
  const reader = new JsonReader('-d');
  try {
    reader.push(text);
    reader.end();
  } catch (thrown) {
    assert.ok(thrown instanceof PosternError);
    assert.equal(thrown.exitCode, 2);
    return thrown.message;
  }
  return 'none';
}

test('values that follow one another come out the same, however the text is cut', () => {
  // Integers that a double cannot hold come out as bigints, which another test looks at.
  const value = fc.jsonValue().filter((json) => !/\d{16}/.test(JSON.stringify(json)));
  const spaced = fc.constantFrom('\n', ' ', '\r\n', '\t \n');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(value, spaced, fc.boolean()), { maxLength: 8 }),
      fc.array(fc.nat(20), { minLength: 1, maxLength: 30 }),
      (parts, cuts) => {
        // A negative zero is written as 0.
        const written = parts.map(([value]) => JSON.parse(JSON.stringify(value)));
        const text = parts
          .map(([value, space, pretty]) => JSON.stringify(value, undefined, pretty ? 2 : 0) + space)
          .join('');
        const reader = new JsonReader('-d');
        const read: unknown[] = [];
        let at = 0;
        for (let i = 0; at < text.length; i += 1) {
          const size = (cuts[i % cuts.length] ?? 0) + 1;
          read.push(...values(reader.push(text.slice(at, at + size))));
          at += size;
        }
        read.push(...values(reader.end()));
        assert.deepEqual(read, written);
      },
    ),
    { numRuns: 300 },
  );
});

test('objects need nothing between them, and come out at their last character', () => {
  const reader = new JsonReader('-d');
  assert.deepEqual(values(reader.push('{"a":1}{"a":')), [{ a: 1 }]);
  assert.deepEqual(values(reader.push('2}')), [{ a: 2 }]);
  assert.deepEqual(values(reader.push('["}"]"x"3 ')), [['}'], 'x', 3]);
  assert.deepEqual(reader.end(), []);
});

test('the own parser takes and refuses what JSON.parse takes and refuses', () => {
  const json = fc.jsonValue().map((value) => JSON.stringify(value));
  const broken = fc
    .tuple(
      json,
      fc.nat(),
      fc.constantFrom('', '"', '{', ']', ',', '\\', '\u0007', '01', 'x', '\u2028', '\u007f'),
    )
    .map(([text, at, put]) => {
      const cut = at % (text.length + 1);
      return text.slice(0, cut) + put + text.slice(cut + 1);
    });
  const own = (text: string): unknown => parseJson(`[12345678901234567,${text}]`, start);
  fc.assert(
    fc.property(fc.oneof(json, broken), (text) => {
      let expected: { value: unknown } | undefined;
      try {
        expected = { value: JSON.parse(`[${text}]`) };
      } catch {
        expected = undefined;
      }
      if (expected === undefined || /\d{16}/.test(text)) {
        if (expected === undefined) assert.throws(() => own(text), PosternError, text);
        return;
      }
      assert.deepEqual(own(text), [12345678901234567n, ...[expected.value].flat(1)], text);
    }),
    { numRuns: 500 },
  );
});

test('integers that a double cannot hold stay whole', () => {
  assert.deepEqual(parseJson('{"id":9223372036854775807}', start), { id: 9223372036854775807n });
  assert.deepEqual(parseJson('[-9007199254740993, 9007199254740991, 1e400]', start), [
    -9007199254740993n,
    9007199254740991,
    Number.POSITIVE_INFINITY,
  ]);
  assert.deepEqual(
    parseJson('{"__proto__":12345678901234567890}', start),
    Object.fromEntries([['__proto__', 12345678901234567890n]]),
  );
});

test('a mistake is told with its line and column in the whole text', () => {
  assert.match(mistakeIn('{"a": tru}'), /-d is not JSON: line 1, column 7: expected a value, found "t"/);
  assert.match(mistakeIn('{"a":1}\n{"b":\n  x}'), /line 3, column 3: expected a value, found "x"/);
  assert.match(mistakeIn('{"a":1} {b:1}'), /line 1, column 10: expected a name in double quotes, found "b"/);
  assert.match(mistakeIn('{"a":1'), /column 7: expected ',' or '}', found the end/);
  assert.match(mistakeIn('["a\nb"]'), /column 4: expected the end of the string, found "\\n"/);
  assert.match(mistakeIn('{} }'), /column 4: expected a value, found "}"/);
  assert.match(mistakeIn('😈'), /column 1: expected a value, found "😈"/);
  assert.match(mistakeIn('['.repeat(600)), /nested deeper than 512/);
  assert.equal(mistakeIn(' \n\t '), 'none');
});
