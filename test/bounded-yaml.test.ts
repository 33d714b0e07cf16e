import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDocument } from 'yaml';
import { type BoundedYaml, boundedYaml, type YamlBounds } from '../src/bounded-yaml.js';

const file: YamlBounds = { bytes: 1 << 20, values: 50_000, deepest: 32 };
const message: YamlBounds = { bytes: 16 << 20, values: 250_000, deepest: 512 };
const tooMany = /^it holds more than \d+ values/;

for (const [what, bounds, text, says] of [
  ['commas', message, `a: [${','.repeat(240_000)}`, /^Unexpected , in flow sequence$/],
  ['more commas than values', file, `a: [${','.repeat(900_000)}`, tooMany],
  ['more commas than values of a message', message, `a: [${','.repeat(3_900_000)}`, tooMany],
  ['quotes', file, 'a: '.concat('"'.repeat(250_000)), /^Unexpected double-quoted-scalar at node end$/],
  ['tags', file, `a: ${'!a '.repeat(85_000)}`, /^A node can have at most one tag$/],
  ['directives', file, '%a\n'.repeat(85_000), /^Unknown directive %a$/],
  ['directives of a message', message, '%aaaaaa\n'.repeat(1_900_000), /^Unknown directive %aaaaaa$/],
  ['brackets that end nothing', file, ']'.repeat(250_000), /^Unexpected flow-seq-end token in YAML document/],
] as const) {
  test(`a YAML text of mistakes is refused at its hundredth, within a second: ${what}`, () => {
    const { user } = process.cpuUsage();
    const { broken } = boundedYaml(text, bounds);
    const took = process.cpuUsage().user - user;
    assert.match(broken[0]?.text ?? '', says);
    assert.ok(broken.length <= 100, `it told ${broken.length} mistakes`);
    assert.ok(took < 1_000_000, `it took ${took} µs`);
  });
}

test('what is told of a text is what the library tells of it, in its order, and a hundred of many', () => {
  const offset = (text: string, { line, column }: BoundedYaml['broken'][number]): number =>
    text.split('\n', line - 1).join('\n').length + (line > 1 ? 1 : 0) + column - 1;
  for (const text of [
    'a: [1, , 2\nb: "c\nd: \'e',
    '%a\n%YAML 1.2 3\n%TAG ! b\n---\na: !x !y 1\n...\nb',
    '%a\n',
    '...\n...\na: 1\n---b',
    'a: 1\n  b: 2\n c: 3\n- d\n]',
    'a: &b &c 1 2\n? {, x: *}\n"d"e: \t- f',
    'a:\n\t- 1\n\t- 2\n...\n@',
    '@\n`\n%x\n--- |x\n a\n--- b',
    `a: [1,, ${'"x" "y" '.repeat(200)}]`,
    `a: "${'\\q'.repeat(150)}"`,
    `${']'.repeat(150)}\na`,
    'a: !!binary x\nb: !!int y',
  ]) {
    const { errors, warnings } = parseDocument(text, { prettyErrors: false, uniqueKeys: false });
    const told = [...errors, ...warnings].slice(0, 100);
    const { broken } = boundedYaml(text, file);
    assert.ok(told.length > 0, text);
    assert.deepEqual(
      broken.map((one) => one.text),
      told.map(({ message: words }) =>
        words.startsWith('Source contains multiple')
          ? 'there are several documents: there can be one'
          : words.replace(/\p{Cc}/gu, ' '),
      ),
      text,
    );
    const end = text.trimEnd().length;
    assert.deepEqual(
      broken.map((one) => offset(text, one)),
      told.map(({ pos }) => Math.min(pos[0], end)),
      text,
    );
  }
});

test('a text of as many values as it may have is read, however many signs they take', () => {
  const items = (count: number, item: (at: number) => string, around = ''): string =>
    Array.from({ length: count }, (_, at) => item(at)).join(around);
  for (const text of [
    `[${items(49_000, () => '1', ',')},]`,
    `{${items(49_000, (at) => `k${at}: 1`, ' , # c\n')}}`,
    items(24_000, (at) => `- k${at}: &a${at} !!int "1" # so\n\n`),
  ]) {
    assert.deepEqual(boundedYaml(text, { ...file, bytes: 16 << 20 }).broken, []);
  }
});
