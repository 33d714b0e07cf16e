import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { deadLinks } from './house/links.js';
import { projectFiles, textRuleNames, textViolations } from './house/text-rules.js';
import { checkoutRoot } from './support/processes.js';

/** The rules have to name what they forbid. */
const exempt =
  /^(?:test\/scripts\/run-tests\.test\.ts|test\/house\/text-rules\.ts|test\/house-text\.test\.ts|LICENSE)$/;
const binary = /\.(?:binpb|png|ico|gz|tgz|wasm|bin)$/;

test('no file says what none may say', async () => {
  const files = (await projectFiles(checkoutRoot)).filter((file) => !exempt.test(file) && !binary.test(file));
  assert.ok(files.length > 20, `only ${files.length} files`);
  const found: string[] = [];
  for (const file of files) {
    // A file that git tracks may just have been deleted.
    const text = await readFile(path.join(checkoutRoot, file), 'utf8').catch(() => '');
    found.push(...textViolations(file, text));
  }
  assert.deepEqual(found, []);
});

test('each rule goes red', () => {
  const planted: readonly [file: string, line: string][] = [
    ['src/a.ts', '// @ts-expect-error'],
    ['src/a.ts', '// @ts-ignore'],
    ['src/a.ts', '/* biome-ignore lint: because */'],
    ['proto/a.proto', '// buf:lint:ignore COMMENTS'],
    ['docs/a.md', 'TODO: write this'],
    ['test/a.test.ts', "test.skip('x', () => {});"],
    ['test/a.test.ts', "test.only('x', () => {});"],
    ['test/a.test.ts', "test('x', { timeout: 1, skip: true }, () => {});"],
    ['docs/a.md', 'see /root/x/y'],
    ['src/a.ts', "const x = '/home/somebody/x';"],
    ['.npmrc', 'registry=https://registry.corp.example/npm/'],
    ['package-lock.json', '      "resolved": "http://10.0.0.1/x.tgz",'],
    ['docs/a.md', 'as issue 2 says'],
    ['src/a.ts', 'const x = y as any;'],
    ['src/a.ts', 'const x = y as unknown as string;'],
    ['src/a.ts', '\n'.repeat(301)],
    ['test/a.test.ts', '\n'.repeat(301)],
  ];
  const red = planted.map(([file, line]) => {
    const found = textViolations(file, `good line\n${line}\n`);
    assert.equal(found.length, 1, `${file}: ${line}: ${found}`);
    return found[0]?.replace(/^\S+: /, '');
  });
  assert.deepEqual([...new Set(red)].sort(), [...textRuleNames].sort());
});

test('what is allowed stays green', () => {
  const allowed: readonly [file: string, line: string][] = [
    ['src/a.ts', '// biome and eslint agree; see https://registry.npmjs.org/nats'],
    ['docs/a.md', 'workflow: `cd /srv/work/` and any word'],
    ['docs/a.md', 'an issue of 3 kinds'],
    ['test/a.test.ts', "test('skips blanks', () => {});"],
    ['src/a.ts', '\n'.repeat(298)],
  ];
  for (const [file, line] of allowed) assert.deepEqual(textViolations(file, `${line}\n`), [], line);
});

test('links in the documentation lead somewhere', async () => {
  const pages = (await projectFiles(checkoutRoot)).filter((file) => file.endsWith('.md'));
  for (const page of pages) {
    const file = path.join(checkoutRoot, page);
    assert.deepEqual(deadLinks(file, await readFile(file, 'utf8')), [], page);
  }
});

test('a link that leads nowhere is found', () => {
  const file = path.join(checkoutRoot, 'docs/page.md');
  const text = [
    '# One thing: here',
    '[file](no-such-file.md) [heading](#no-such-heading) [good](#one-thing-here) [other](https://example.com/x)',
    '[good](../package.json) `[code](no-such-code.md)`',
    '```',
    '[fenced](no-such-fence.md)',
    '```',
    '<img src="no-such-image.svg" alt="">',
    '[ref]: no-such-reference.md',
  ].join('\n');
  assert.deepEqual(deadLinks(file, text), [
    'no-such-file.md',
    '#no-such-heading',
    'no-such-reference.md',
    'no-such-image.svg',
  ]);
});
