import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { longestFile } from '../../../src/controller/scenario/yaml-values.js';
import { exampleText, mistakesOf, ownExamples, read } from '../scenarios.js';

const rest = 'groups: {g: {tests: {t: {type: text, amount: 3}}}}';

test('a file that is no YAML says where', () => {
  const broken: readonly [text: string, mistakes: readonly RegExp[]][] = [
    ['', [/^1:1: the file is empty: it needs nodes and groups$/]],
    ['# nothing\n---\n', [/^2:4: the file is empty/]],
    ['- a\n- b\n', [/^1:1: a scenario is a map of settings such as nodes and groups, not a list$/]],
    ['just words', [/^1:1: a scenario is a map of settings such as nodes and groups, not 'just words'$/]],
    ['nodes: {a: }\nnodes: {b: }', [/^2:1: this key is there twice$/]],
    ['nodes:\n\ta: {}\n', [/^2:1: Tabs are not allowed as indentation/]],
    [
      'nodes: {a: ',
      [/^\d+:\d+: Flow map in block collection must be sufficiently indented and end with a \}/],
    ],
    ['nodes: {}\n---\nnodes: {}\n', [/^2:1: there are several documents: there can be one$/]],
    ['nodes: {a: *b}', [/^1:12: there is no anchor &b before it$/]],
    ['nodes: {? [a] : 1}', [/^1:11: a list or a map cannot be a key$/]],
    ['nodes: {~: 1}', [/^1:9: nothing cannot be a key$/]],
    ['nodes: {__proto__: {count: 3}}', [/^1:9: '__proto__' cannot be a key$/]],
    ['nodes: {<<: 1}', [/^1:13: '<<' merges maps, such as \*anchor$/]],
    ['a: ! 1\nb: !x 2', [/^2:4: Unresolved tag: !x$/]],
    [`${'['.repeat(40)}`, [/is nested|Flow sequence/]],
    [`a: ${'['.repeat(40)}${']'.repeat(40)}`, [/^1:\d+: it is nested deeper than 32$/]],
    [`a: ${'['.repeat(200_000)}`, [/^1:1: it is nested too deep$/]],
    [`${'- '.repeat(100_000)}x`, [/^1:1: it is nested too deep$/]],
    [`${'a: '.repeat(100_000)}x`, [/^1:1: it is nested too deep$/]],
    [`{<<: {}, <<: {}}`, [/^1:10: this key is there twice$/]],
    [
      Array.from({ length: 80_000 }, (_, i) => `k${i}: `).join('\n'),
      [/^49999:\d+: it holds more than 50000 values/],
    ],
  ];
  for (const [text, patterns] of broken) {
    const told = mistakesOf(text);
    for (const [i, pattern] of patterns.entries()) assert.match(told[i] ?? '', pattern, text.slice(0, 60));
  }
});

test('a file is as long as it may be, and not longer', () => {
  const text = `nodes: {a: , b: }\n${rest}\n`;
  const full = `${text}#${'é'.repeat((longestFile - text.length - 1) / 2)}`;
  assert.ok(Buffer.byteLength(full) > longestFile - 2);
  assert.deepEqual(mistakesOf(full), []);
  assert.deepEqual(mistakesOf(`${full}éé`), [
    `1:1: it has ${Buffer.byteLength(full) + 4} bytes: more than ${longestFile} are not read`,
  ]);
});

test('anchors and merge keys make no more of a file than it may be, and cannot go round', {
  timeout: 20_000,
}, () => {
  const nine = (name: string) => Array.from({ length: 9 }, () => `*${name}`).join(', ');
  const level = (at: number, of: (inner: string) => string) =>
    Array.from({ length: at }, (_, i) => `l${i + 1}: &l${i + 1} ${of(`l${i}`)}`).join('\n');
  const lists = `l0: &l0 [x]\n${level(9, (inner) => `[${nine(inner)}]`)}`;
  const merges = `l0: &l0 {x: 1}\n${level(9, (inner) => `{<<: [${nine(inner)}]}`)}`;
  for (const bomb of [lists, merges]) {
    assert.match(
      mistakesOf(bomb)[0] ?? '',
      /^\d+:\d+: it holds more than 50000 values, with those that aliases repeat$/,
    );
  }
  assert.match(mistakesOf('a: &a [*a]')[0] ?? '', /it is nested deeper than 32/);
  assert.match(mistakesOf('a: &a {<<: *a}')[0] ?? '', /it is nested deeper than 32/);
  // Many aliases of one small thing are looked up once each.
  const many = `a: &a 1\nb: [${Array.from({ length: 40_000 }, () => '*a').join(',')}]`;
  assert.deepEqual(
    mistakesOf(many)
      .slice(2)
      .map((one) => one.replace(/; .*/, '')),
    ['1:1: a: there is no such key here', '2:1: b: there is no such key here'],
  );
});

test('what is repeated by anchors and merge keys means what it says, and mistakes in it have a place', () => {
  const text = (more: string) => `nodes: {a: , b: }
groups:
  one:
    tests:
      slow: &slow {type: text, amount: 3, interval: 10s${more}}
      quick: {<<: *slow, interval: 1s}
  two: {tests: {same: *slow}}
`;
  const tests = read(text('')).groups.flatMap((group) => group.tests);
  assert.deepEqual(
    tests.map(({ name, amount, intervalMs }) => [name, amount, intervalMs]),
    [
      ['slow', 3, 10_000],
      ['quick', 3, 1_000],
      ['same', 3, 10_000],
    ],
  );
  const guess = "there is no such key here; did you mean 'size'?";
  assert.deepEqual(mistakesOf(text(', sise: 1')), [
    `5:58: groups.one.tests.slow.sise: ${guess}`,
    `5:58: groups.one.tests.quick.sise: ${guess}`,
    `5:58: groups.two.tests.same.sise: ${guess}`,
  ]);
});

test('numbers and quoted words are names too, as they are written', () => {
  const { nodes } = read(`nodes: {1: , "02": , 3.0: {labels: {x: y}}}\n${rest}`.replace('3.0', "'3'"));
  assert.deepEqual(
    nodes.map(({ entry }) => entry),
    ['1', '3', '02'],
  );
});

test('whatever is written, it is read or refused with a place, and nothing steers a terminal', async () => {
  const examples = await Promise.all(ownExamples.map(exampleText));
  const piece = fc.oneof(
    fc.constantFrom(
      ':',
      '{',
      '}',
      '[',
      ']',
      '-',
      ' ',
      '\n',
      '  ',
      '&a ',
      '*a',
      '<<: ',
      '? ',
      '|',
      '\u0007',
      'any: ',
      '0',
    ),
    fc.string({ maxLength: 4, unit: 'binary' }),
  );
  const spoilt = fc
    .tuple(fc.constantFrom(...examples), fc.nat(), fc.nat(12), piece)
    .map(([text, at, cut, put]) => {
      const from = at % text.length;
      return text.slice(0, from) + put + text.slice(from + cut);
    });
  fc.assert(
    fc.property(spoilt, (text) => {
      for (const line of mistakesOf(text)) assert.match(line, /^(?:\d+:\d+: \P{Cc}+|and \d+ more)$/u);
    }),
    { numRuns: 100 },
  );
});
