import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { htmlReport, scriptJson } from '../../../src/controller/report/html-report.js';
import { linkModules, pageScript } from '../../../src/controller/report/page-script.js';
import { madeJudgement, smallRun } from './made-judgement.js';

let dir: string;
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'postern-link-'));
});
after(() => rm(dir, { recursive: true, force: true }));

async function linked(files: Readonly<Record<string, string>>): Promise<unknown> {
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(dir, name), text);
  const script = linkModules(path.join(dir, 'main.js'));
  return new Function('seen', script.replace("'use strict';", ''))(undefined);
}

test('a page allows its own script and style by their digests, and nothing else', () => {
  const html = htmlReport(madeJudgement(smallRun()));
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1];
  const digest = (text = ''): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const style = /<style>(.*?)<\/style>/s.exec(html)?.[1];
  const script = /<script>(.*?)<\/script>/s.exec(html)?.[1];
  assert.equal(
    policy,
    `default-src 'none'; script-src ${digest(script)}; style-src ${digest(style)}; base-uri 'none'; form-action 'none'`,
  );
  assert.equal(html.match(/<script/g)?.length, 2);
  assert.doesNotMatch(html, /https?:\/\/(?!www\.w3\.org\/2000\/svg)/, 'it names no other place');
});

test('no text ends the element that it stands in', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.constantFrom('</script>', '<!--', '<script', '\u2028', ']]>'),
        ),
      ),
      (texts) => {
        const written = scriptJson(texts);
        assert.deepEqual(JSON.parse(written), texts);
        assert.doesNotMatch(written, /[<>&\u2028\u2029]/);
      },
    ),
  );
});

test('the program of the page is one script that names no module', () => {
  assert.doesNotMatch(pageScript(), /^\s*(?:import|export)\b|<\/script|<!--/m);
});

test('modules are linked in the order in which they need each other, each once', async () => {
  await linked({
    'a.js': "import { b as other } from './b.js';\nexport const a = () => other + 1;\n",
    'b.js': 'globalThis.timesLinked = (globalThis.timesLinked ?? 0) + 1;\nexport const b = 20;\n',
    'main.js': "import { a } from './a.js';\nimport { b } from './b.js';\nglobalThis.linkedSum = a() + b;\n",
  });
  assert.deepEqual([Reflect.get(globalThis, 'linkedSum'), Reflect.get(globalThis, 'timesLinked')], [41, 1]);
});

test('what cannot be linked is refused: packages, defaults, cycles, what is not there', async () => {
  const refused: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [{ 'main.js': "import { z } from 'zod';\n" }, /cannot be put into a page: import/],
    [{ 'main.js': "import b from './b.js';\n" }, /cannot be put into a page: import/],
    [{ 'main.js': 'export default 1;\n' }, /cannot be put into a page: export default/],
    [
      { 'main.js': "import { c } from './c.js';\n", 'c.js': "import { m } from './main.js';\n" },
      /imports itself/,
    ],
    [{ 'main.js': "import { x } from './none.js';\n" }, /cannot be read/],
  ];
  for (const [files, message] of refused) {
    await assert.rejects(linked(files), (thrown: Error) => message.test(thrown.message), `${message}`);
  }
});
