import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { longestFile, longestLine, type RunFile } from '../../src/inspector/run-file/format.js';
import { type RunSource, runFileLines } from '../../src/inspector/run-file/lines.js';
import { RunFileReader } from '../../src/inspector/run-file/reader.js';

const ended = { run: 'r-1', scenario: 'small', planHash: 'abc', endedAtMs: 5, state: 'passed' };
const actor = { machine: 'test', id: 'r-1.ping.north', run: 'r-1', definition: 'd1' };
const moved = (sequence: number, contextJson: string) => ({ ...actor, sequence, contextJson });

function source(more: Partial<RunSource> = {}): RunSource {
  return {
    run: async () => ended,
    scenario: async () => ({ text: 'nodes: {north: }\ntoken: abc\n', file: '/tmp/x/small.yaml' }),
    report: async () => '{"v": 1, "verdict": "pass"}',
    async *told() {
      yield { actors: [actor, { ...actor, id: 'r-1.ping.süd' }], transitions: [moved(1, '{}')] };
      yield {
        actors: [],
        transitions: [moved(2, '{"token":"s3cret","nested":{"password":"p"},"tokens":3}')],
      };
    },
    definition: async (machine) => ({ machine, hash: 'd1' }),
    ...more,
  };
}

async function written(from = source()): Promise<string> {
  const lines: string[] = [];
  for await (const line of runFileLines(from, 1_700_000_000_000)) lines.push(line);
  return lines.join('');
}

/** Reads a text in parts of some bytes. */
function read(text: string, partBytes = 1e9): RunFile {
  const reader = new RunFileReader('a.jsonl');
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += partBytes) reader.push(bytes.subarray(at, at + partBytes));
  return reader.end();
}

test('what was written is read again, in whatever parts it comes', async () => {
  const text = await written();
  const whole = read(text);
  assert.deepEqual(whole.run, ended);
  assert.deepEqual(whole.header, {
    format: 'postern-run',
    version: 1,
    run: 'r-1',
    scenario: 'small',
    exportedAtMs: 1_700_000_000_000,
  });
  assert.deepEqual(whole.report, { v: 1, verdict: 'pass' });
  assert.deepEqual(whole.definitions, [{ machine: 'test', hash: 'd1' }], 'each once');
  assert.deepEqual(
    [whole.actors.length, whole.transitions.length, whole.actors[1]?.id],
    [2, 2, 'r-1.ping.süd'],
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), (partBytes) =>
      assert.deepEqual(read(text, partBytes), whole),
    ),
  );
});

test('what has the name of a secret is not in it, in JSON within JSON neither', async () => {
  const text = await written();
  assert.doesNotMatch(text, /s3cret|"password":"p"|abc\\n/);
  const [, second] = read(text).transitions;
  assert.equal(
    second?.contextJson,
    '{"token":"[secret]","nested":{"password":"[secret]"},"tokens":3}',
    'a number is no secret',
  );
  assert.deepEqual(read(text).scenario, {
    file: 'small.yaml',
    text: 'nodes: {north: }\ntoken: [secret]\n',
  });
});

test('a run without a plan has no report, and one that goes on is not exported', async () => {
  const never = () => assert.fail('it has no report to be asked for');
  const unplanned = source({ run: async () => ({ ...ended, planHash: '' }), report: never });
  assert.equal(read(await written(unplanned)).report, undefined);
  const going = source({ run: async () => ({ ...ended, endedAtMs: 0 }), report: never });
  await assert.rejects(written(going), { code: 'RUN_GOES_ON' });
});

test('a bad file is refused with its line and what is wrong', async () => {
  const text = await written();
  const lines = text.trimEnd().split('\n');
  const with2nd = (line: string): string => [lines[0], line, ...lines.slice(1)].join('\n');
  const bad: readonly [text: string, why: RegExp][] = [
    ['', /^a\.jsonl:1: the file is empty/],
    ['hello\n', /^a\.jsonl:1: it is no JSON/],
    ['[1]\n', /^a\.jsonl:1: it is no object/],
    ['{"format":"other"}\n', /^a\.jsonl:1: it is no file of a run/],
    [text.replace('"version":1', '"version":2'), /^a\.jsonl:1: it is of version 2, and up to 1/],
    [text.replace('"version":1', '"version":"x"'), /^a\.jsonl:1: it does not say its version/],
    [text.replace('"run":"r-1"', '"run":7'), /^a\.jsonl:1: it does not say of which run/],
    [lines.slice(0, -1).join('\n'), /^a\.jsonl:9: the file ends before its last line: it was cut off/],
    [text.slice(0, text.length - 60), /^a\.jsonl:9: (it is no JSON|the file ends before)/],
    [[...lines.slice(0, 3), ...lines.slice(4)].join('\n'), /^a\.jsonl:9: lines are missing/],
    [with2nd('{"k":"run"}'), /^a\.jsonl:2: run is missing in it/],
    [with2nd('{"k":"scenario","text":1}'), /^a\.jsonl:2: text or file is missing/],
    [with2nd('{"no":"kind"}'), /^a\.jsonl:2: it does not say what it is/],
    [with2nd(''), /^a\.jsonl:2: it is no JSON/],
    [`${text}{"k":"later"}\n`, /^a\.jsonl:11: something stands behind the last line/],
    [`${lines[0]}\n{"k":"end","lines":1}\n`, /^a\.jsonl:2: the file does not say what became of the run/],
  ];
  for (const [one, message] of bad) {
    assert.throws(() => read(one), { code: 'RUN_FILE_INVALID', message }, one.slice(0, 80));
  }
  const latin = Buffer.concat([Buffer.from(`${lines[0]}\n`), Buffer.from([0x7b, 0xe9, 0x7d, 0x0a])]);
  const reader = new RunFileReader('a.jsonl');
  assert.throws(() => reader.push(latin), { message: /^a\.jsonl:2: it is no text in UTF-8/ });
});

test('kinds of a later time are left out', async () => {
  const lines = (await written()).trimEnd().split('\n');
  lines.splice(2, 0, '{"k":"weather","rain":true}');
  const end = JSON.stringify({ k: 'end', lines: lines.length - 1 });
  assert.deepEqual(read([...lines.slice(0, -1), end].join('\n')).run, ended);
});

test('a line or a file without end is refused before it fills the memory', () => {
  const part = Buffer.alloc(1024 * 1024, 'x');
  const endless = new RunFileReader('a.jsonl');
  const feed = (reader: RunFileReader, bytes: Buffer, most: number) => {
    for (let fed = 0; fed <= most; fed += bytes.length) reader.push(bytes);
  };
  assert.throws(() => feed(endless, part, longestLine), {
    message: /^a\.jsonl:1: the line is longer than 64 MiB/,
  });
  const long = new RunFileReader('a.jsonl');
  long.push(Buffer.from('{"format":"postern-run","version":1,"run":"r","scenario":"s","exportedAtMs":1}\n'));
  const line = Buffer.from(`{"k":"later","x":"${'x'.repeat(1024 * 1024)}"}\n`);
  assert.throws(() => feed(long, line, longestFile + line.length), {
    message: /the file is longer than 256 MiB/,
  });
});
