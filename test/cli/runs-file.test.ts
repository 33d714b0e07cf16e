import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { runFileLines } from '../../src/inspector/run-file/lines.js';
import { madeJudgement, smallRun } from '../controller/report/made-judgement.js';
import { eventually } from '../support/processes.js';
import { Lines, postern } from './postern.js';

let dir: string;
let text = '';

before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'postern-run-file-'));
  const judgement = madeJudgement(smallRun());
  const source = {
    run: async () => ({ run: judgement.run, scenario: 'small', planHash: 'abc', endedAtMs: 5 }),
    scenario: async () => undefined,
    report: async () => JSON.stringify(judgement),
    async *told() {},
    definition: async () => undefined,
  };
  for await (const line of runFileLines(source, 1)) text += line;
});
after(() => rm(dir, { recursive: true, force: true }));

async function file(name: string, content: string | Buffer): Promise<string> {
  const whole = path.join(dir, name);
  await writeFile(whole, content);
  return whole;
}

/** A request as a browser sends it: where to, and under which name. */
function get(url: URL, at: string, options: { host?: string; method?: string } = {}) {
  const { host = url.host, method = 'GET' } = options;
  return new Promise<{ code: number; headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    const asked = request(new URL(at, url), { method, headers: { host } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        resolve({ code: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) });
      });
    });
    asked.on('error', reject).end();
  });
}

test('a file is served with the page and its report, to those who ask by its own address', async () => {
  const packed = gzipSync(text);
  const open = new Lines(['runs', 'open', await file('a "b".postern-run.jsonl.gz', packed)]);
  try {
    const url = new URL(await eventually('it says where', () => open.lines[0]));
    assert.equal(url.hostname, '127.0.0.1');
    assert.match(url.pathname, /^\/inspect\/runs\/r-2026/);
    const page = await get(url, url.pathname);
    assert.match(String(page.headers['content-security-policy']), /default-src 'self'/);
    const meta = (name: string) =>
      new RegExp(`<meta name="${name}" content="([^"]+)" />`).exec(page.body.toString())?.[1] ?? '?';
    assert.equal(meta('postern-run-file'), '/inspect/opened/a%20%22b%22.postern-run.jsonl.gz');
    assert.deepEqual((await get(url, meta('postern-run-file'))).body, packed);
    const report = await get(url, meta('postern-report'));
    assert.match(report.body.toString(), /^<!doctype html>[\s\S]*FAIL/);
    assert.equal(report.headers['content-security-policy'], undefined, 'it says its own');
    assert.equal((await get(url, '/')).headers.location, url.pathname);
    assert.equal((await get(url, '/inspect/main.js')).code, 200);
    const refused = [
      get(url, url.pathname, { host: 'elsewhere.example' }),
      get(url, '/inspect/opened/other'),
      get(url, '/inspector'),
      get(url, '/inspect/../package.json'),
      get(url, url.pathname, { method: 'POST' }),
    ];
    assert.deepEqual(
      (await Promise.all(refused)).map(({ code }) => code),
      [421, 404, 404, 404, 405],
    );
  } finally {
    assert.equal(await open.stop('SIGINT'), 130, open.stderr);
  }
});

test('a file that is none is refused before anything is served, with the line', async () => {
  const cut = text.trimEnd().split('\n').slice(0, -1).join('\n');
  const packed = gzipSync(text);
  const cases: readonly [name: string, content: string | Buffer, why: RegExp][] = [
    ['cut.jsonl', cut, /cut\.jsonl:3: the file ends before its last line/],
    ['later.jsonl', text.replace('"version":1', '"version":9'), /later\.jsonl:1: it is of version 9/],
    ['report.json', '{"v":1}', /report\.json:1: it is no file of a run/],
    ['cut.gz', packed.subarray(0, packed.length - 20), /cannot read .*cut\.gz: unexpected end of file/],
    ['binary', Buffer.from([0, 255, 254, 10]), /binary:1: it is no text in UTF-8/],
  ];
  const ended = await Promise.all(
    cases.map(async ([name, content]) => postern(['runs', 'open', await file(name, content)])),
  );
  for (const [i, { code, stdout, stderr }] of ended.entries()) {
    assert.deepEqual([code, stdout], [2, ''], stderr);
    assert.match(stderr, cases[i]?.[2] ?? /^$/);
  }
  const missing = await postern(['runs', 'open', path.join(dir, 'missing')]);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /cannot read .*missing: ENOENT/);
});
