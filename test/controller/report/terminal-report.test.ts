import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { terminalReport } from '../../../src/controller/report/terminal-report.js';
import type { Paint } from '../../../src/controller/report/terminal-text.js';
import { madeJudgement, smallRun } from './made-judgement.js';

const small = madeJudgement(smallRun());

function linesOf(text: string): string[] {
  return text.trimEnd().split('\n');
}

test('the verdict and why come first, then each test, faults, blind intervals, clocks, seed and versions', () => {
  const text = terminalReport(small, { width: 120 });
  assert.match(
    text,
    /^FAIL two cut off\nrun r-\S+, .*, 40 s, 5 nodes\n {2}lost: 3 messages of main-1 were lost/,
  );
  const order = [
    'PASS chatter (control-1)',
    'FAIL chatter (main-1)',
    'Faults',
    'Blind',
    'clocks',
    'seed',
    'plan',
    'versions',
  ];
  const places = order.map((part) => linesOf(text).findIndex((line) => line.startsWith(part)));
  assert.ok(!places.includes(-1), `${places}`);
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  );
  assert.match(text, /seed +7f3a-seed\n/);
  assert.match(
    text,
    /cut-north +north +link +\+22\.000 s for 3 s +\+22\.012 s +\+25\.030 s +nft +confirmed +240 ms/,
  );
  assert.match(text, /north +3\.36 s in 1 +-/);
  assert.match(text, /clocks +east -4 ms ± 0\.8 ms,/);
});

test('the worst pairs come first, those that are well are counted, and the sum is last', () => {
  const table = linesOf(terminalReport(small, { width: 120 })).slice(10);
  const head = table.findIndex((line) => line.includes('SENDER') && line.includes('REORDERED'));
  const lost = small.tests[1]?.pairs.filter(({ counts }) => counts.lost > 0) ?? [];
  const worst = [...lost].sort((a, b) => b.counts.lost - a.counts.lost)[0];
  assert.match(
    table[head + 1] ?? '',
    new RegExp(`^ {2}${worst?.sender} +${worst?.receiver} +20 +${worst?.counts.delivered} `),
  );
  const rest = table.findIndex((line, i) => i > head && line.startsWith('  …'));
  assert.equal(table[rest], `  … ${20 - (rest - head - 1)} more pairs, all well`);
  assert.match(table[rest + 1] ?? '', /^ {2}all +400 +396 +3 +1 +1 +2 /);
});

test('troubled messages are named, and those that are too many are counted', () => {
  const few = madeJudgement({ ...smallRun(), troubles: { lost: 3 } });
  const text = terminalReport(few, { width: 160 });
  for (const { test: name, sender, seq, troubles } of few.messages) {
    const [first] = troubles;
    assert.ok(
      text.includes(`  ${name}: message ${seq} of ${sender}: ${first?.trouble} at ${first?.receiver}`),
      text,
    );
  }
  assert.doesNotMatch(text, /more trouble/);
  const all = terminalReport(madeJudgement({ ...smallRun(), troubles: { lost: 200 } }), { width: 160 });
  const named = all.match(/: message \d+ of /g)?.length ?? 0;
  assert.equal(named, 20);
  assert.match(all, /and \d+ more troubles: the page and the JSON have them/);
});

test('more troubled pairs than fit are counted', () => {
  const many = madeJudgement({ ...smallRun(), troubles: { lost: 200 } });
  const text = terminalReport(many, { width: 100, pairs: 3 });
  const bad = many.tests[1]?.pairs.filter(({ counts }) => counts.lost > 0).length ?? 0;
  assert.ok(text.includes(`  … 17 more pairs, ${bad - 3} of them not well\n`), text);
});

test('a narrow terminal says what is worst in one column', () => {
  const text = terminalReport(small, { width: 60 });
  assert.match(text, /SENDER +RECEIVER +EXPECTED +DELIVERED +WORST/);
  assert.match(text, /^ {2}all +400 +396 +3 lost/m);
});

test('long names are cut before numbers are', () => {
  const nodes = ['a'.repeat(60), 'b'.repeat(60)];
  const text = terminalReport(madeJudgement({ ...smallRun(), nodes, troubles: { lost: 1 } }), { width: 60 });
  assert.match(text, /^ {2}[ab]+… {2}[ab]+… +20 +\d+ /m);
});

test('no line is wider than the terminal, whatever names there are', () => {
  const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(
      fc.integer({ min: 40, max: 200 }),
      fc.uniqueArray(name, { minLength: 2, maxLength: 4 }),
      name,
      (width, nodes, text) => {
        const reasons = [{ code: 'lost', verdict: 'fail' as const, text }];
        const made = madeJudgement({ ...smallRun(), nodes, amount: 3, name: text, reasons });
        for (const line of linesOf(terminalReport(made, { width }))) {
          assert.ok([...line].length <= width, `${[...line].length} of ${width}: ${JSON.stringify(line)}`);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('names steer no terminal', () => {
  const nodes = ['a\u001b[31m', 'b\nc', 'd\u202eevil', 'e\u0007'];
  const made = madeJudgement({ ...smallRun(), nodes, name: '\u009b2J' });
  assert.doesNotMatch(terminalReport(made, { width: 100 }), /[^\P{Cc}\n]|\u202e/u);
});

test('colours are given for verdicts and troubled pairs, and change nothing else', () => {
  const mark = (name: string) => (text: string) => `<${name}>${text}</${name}>`;
  const paint: Paint = {
    bold: mark('b'),
    dim: mark('d'),
    red: mark('r'),
    green: mark('g'),
    yellow: mark('y'),
  };
  const painted = terminalReport(small, { width: 100, paint });
  assert.match(painted, /^<b><r>FAIL<\/r><\/b>/);
  assert.match(painted, /<b><g>PASS<\/g><\/b>/);
  const colourOf = (trouble: 'lost' | 'unknown' | 'reordered'): string | undefined => {
    const pair = small.tests[1]?.pairs.find(({ counts }) => counts[trouble] > 0);
    return new RegExp(`<(.)>${pair?.sender} *</.> {2}<.>${pair?.receiver} *<`).exec(painted)?.[1];
  };
  assert.deepEqual([colourOf('lost'), colourOf('unknown'), colourOf('reordered')], ['r', 'y', 'y']);
  const bare = painted.replace(/<\/?[bdrgy]>/g, '').replace(/ +$/gm, '');
  assert.equal(bare, terminalReport(small, { width: 100 }).replace(/ +$/gm, ''));
});

test('what was not measured and who ended a run is said', () => {
  const { latency: _, stable: __, slip: ___, ...first } = small.tests[0] ?? assert.fail();
  const text = terminalReport(
    {
      ...small,
      verdict: 'unknown',
      reasons: [{ code: 'aborted', verdict: 'unknown', text: 'ada ended it: enough' }],
      tests: [{ ...first, verdict: 'unknown' }],
      faults: [],
      intervals: [],
      facts: { ...small.facts, clocks: {} },
    },
    { width: 100 },
  );
  assert.match(text, /^UNKNOWN two cut off\n.*\n {2}aborted: ada ended it: enough\n\nUNKNOWN chatter/);
  assert.match(text, /clocks +nobody measured them/);
  assert.doesNotMatch(text, /P50|Faults|Blind/);
});

test('how many sends went well is told only of times in which some were due', () => {
  const [only] = small.tests;
  if (only === undefined) throw new Error('the judgement has no test');
  const sentOf = (due: { readonly calm: number; readonly disturbed: number }): string =>
    terminalReport({ ...small, tests: [{ ...only, due }] }, { width: 120 });
  assert.match(sentOf({ calm: 9, disturbed: 1 }), /% while calm, [\d.]+ % while disturbed/);
  assert.match(sentOf({ calm: 9, disturbed: 0 }), /% while calm\n/);
  assert.doesNotMatch(sentOf({ calm: 9, disturbed: 0 }), /disturbed/);
  assert.doesNotMatch(sentOf({ calm: 0, disturbed: 1 }), /calm/);
});
