import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { htmlReport, scriptJson } from '../../../src/controller/report/html-report.js';
import { pageScript } from '../../../src/controller/report/page-script.js';
import { madeJudgement, smallRun } from './made-judgement.js';

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
