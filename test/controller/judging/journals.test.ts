import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StoredResult } from '../../../src/bus/read-results.js';
import type { ResultRecord } from '../../../src/bus/result-records.js';
import { foundIn } from './generated.js';
import { codesOf, goodRun, plannedTest, type Run, sumOf } from './runs.js';

/** b lacks the second message of a: whether it is lost depends on what is known of b. */
const bLacks = (receiver: string, sender: string, seq: number): boolean =>
  receiver === 'b' && sender === 'a' && seq === 2;

/** What was done to the records of b, and the reason that is given for it. */
const damages: readonly (readonly [
  what: string,
  code: string,
  spoil: (records: ResultRecord[]) => unknown,
])[] = [
  ['that lack one in the middle', 'gap', (records) => records.splice(5, 1)],
  ['that lack the first', 'gap', (records) => records.shift()],
  ['that lack the last', 'unfinished', (records) => records.pop()],
  [
    'one of which was damaged on disk',
    'damaged',
    (records) => records.splice(5, 2, { n: 6, at: 0, k: 'damaged', to: 7 }),
  ],
  ['one of which was changed', 'altered', (records) => Object.assign(records[5] ?? {}, { at: 3 })],
  ['that are counted otherwise', 'altered', (records) => recount(records)],
  ['one of which comes twice', 'altered', (records) => records.splice(5, 0, ...records.slice(4, 5))],
  [
    'that go on behind the last',
    'altered',
    (records) => records.push({ n: records.length + 1, at: 1, k: 'started' }),
  ],
  ['that begin with those of another journal', 'altered', (records) => rename(records)],
  ['of a test that failed', 'failed', (records) => failed(records)],
  ['with a last reading that was cut off', 'no-final', (records) => unread(records)],
];

function recount(records: ResultRecord[]): void {
  const last = records.at(-1);
  if (last?.k === 'finished') last.counts.slips += 1;
}

function rename(records: ResultRecord[]): void {
  const [first] = records;
  if (first?.k === 'created') first.journal = 'another';
  const last = records.pop();
  if (last?.k === 'finished') records.push({ ...last, ...sumOf(records) });
}

function failed(records: ResultRecord[]): void {
  const last = records.pop();
  if (last?.k !== 'finished') return;
  records.push({ ...last, k: 'failed', code: 'DISK_FULL', message: 'there is no room', lost: 2 });
}

function unread(records: ResultRecord[]): void {
  const final = records.find(({ k }) => k === 'final');
  if (final?.k === 'final') final.complete = false;
}

/** Sums the records of b up again, as they are now. */
function summedUp(run: Run): Run {
  run.records('b').splice(-1);
  return run.end('b');
}

describe('records of a receiver', () => {
  for (const [what, code, spoil] of damages) {
    test(`${what} say nothing of what is not in them`, () => {
      const run = goodRun({}, bLacks);
      spoil(run.records('b'));
      const judgement = (code === 'no-final' ? summedUp(run) : run).judge();
      assert.equal(judgement.verdict, 'unknown');
      assert.deepEqual(codesOf(judgement), [code, 'unknown']);
      assert.ok(foundIn(judgement).includes('unknown ping a#2 b'));
      assert.equal(judgement.totals.lost, 0);
      assert.match(judgement.reasons[0]?.text ?? '', /b in ping/);
    });
  }

  test('that are not there at all leave everything open', () => {
    const run = goodRun();
    run.records('b').length = 0;
    const judgement = run.judge();
    assert.deepEqual(codesOf(judgement), ['no-journal', 'unknown']);
    assert.equal(judgement.totals.unknown, 6, 'what b should have had of a and c');
    assert.equal(judgement.totals.expected, 12, 'and what b sent nobody knows');
  });

  test('of two tries say nothing for sure, and the first one is judged', () => {
    const run = goodRun({}, bLacks);
    const again = run.results().filter(({ node }) => node === 'b');
    const forked = again.map((one): StoredResult => ({ ...one, journal: 'j-again' }));
    const judgement = run.judge(undefined, forked);
    assert.deepEqual(codesOf(judgement), ['forked', 'unknown']);
    assert.equal(judgement.journals, 4);
    assert.equal(judgement.totals.duplicated, 0);
  });

  test('of a node that tried twice tell of no message that was sent twice', () => {
    const run = goodRun();
    run.records('b').splice(-1);
    run.receive('b', 'a', 1, 12_150, { way: 'final', id: 'of the second try' }).end('b');
    const forked = run.results().filter(({ node }) => node === 'a');
    const judgement = run.judge(
      undefined,
      forked.map((one): StoredResult => ({ ...one, journal: 'j-again' })),
    );
    assert.deepEqual(codesOf(judgement), ['forked']);
  });

  test('a loss is a loss, whatever is missing elsewhere', () => {
    const run = goodRun({}, bLacks);
    run.records('c').splice(5, 1);
    const judgement = run.judge();
    assert.equal(judgement.verdict, 'fail');
    assert.deepEqual(codesOf(judgement), ['lost', 'gap']);
  });

  test('a reading that was cut off and begun again by another process counts', () => {
    const run = goodRun({}, bLacks);
    const records = run.records('b');
    records.splice(records.findIndex(({ k }) => k === 'final'));
    run.write('b', 12_300, { k: 'boot', boot: 2, version: '1', cut: 7 });
    const all = ['a', 'b', 'c'].flatMap((from) => [1, 2, 3].map((seq) => [from, seq] as const));
    const has = all.filter(([from, seq]) => from !== 'a' || seq !== 2);
    assert.deepEqual(foundIn(run.finish('b', has).judge()), ['lost ping a#2 b']);
    records.splice(-1);
    const lacking = run.receive('b', 'a', 2, 12_400, { way: 'final' }).end('b').judge();
    assert.deepEqual(lacking.totals.lost, 0);
  });

  test('of a test that was stopped early say so', () => {
    const run = goodRun({ tests: [plannedTest({ amount: 5 })] });
    run.records('b').splice(-1);
    run.write('b', 13_000, { k: 'stopping', by: 'somebody', reason: 'enough' }).end('b');
    const judgement = run.judge();
    assert.deepEqual(codesOf(judgement), ['unsent']);
    assert.match(judgement.reasons[0]?.text ?? '', /b in ping \(3 of 5; somebody: enough\)/);
  });

  test('of what the plan does not know are counted and left alone', () => {
    const run = goodRun();
    const [one] = run.results();
    assert.ok(one);
    const strange = [
      { ...one, test: 'another' },
      { ...one, node: 'stranger' },
    ];
    const judgement = run.judge(undefined, strange);
    assert.equal(judgement.verdict, 'pass');
    assert.equal(judgement.journals, 5);
    assert.equal(judgement.records, run.results().length + 2);
  });
});

describe('histories', () => {
  test('tell all that happened to a message, in the order of the controller', () => {
    const run = goodRun({}, bLacks);
    run.facts = { ...run.facts, clocks: { ...run.facts.clocks, c: { offsetMs: 500, errorMs: 1 } } };
    const [lost] = run.judge().messages;
    assert.deepEqual(
      [lost?.sender, lost?.seq, lost?.troubles],
      ['a', 2, [{ trouble: 'lost', receiver: 'b', layer: 'undelivered' }]],
    );
    assert.deepEqual(
      lost?.history.map(({ atMs, node, what, detail }) => [atMs - 1_000_000, node, what, detail]),
      [
        [1_000, 'a', 'due', undefined],
        [1_000, 'a', 'intent', undefined],
        [1_000, 'a', 'sent', undefined],
        [1_010, 'a', 'ok', 'ping-a-2'],
        [1_560, 'c', 'live', 'ping-a-2'],
        [12_200, 'b', 'absent', undefined],
        [12_600, 'c', 'final', 'ping-a-2'],
      ],
    );
  });

  test('deliveries of troubled messages are among those that are drawn', () => {
    const { deliveries } = goodRun({}, bLacks).judge();
    assert.equal(deliveries.length, 18);
    const [first, second] = deliveries;
    assert.deepEqual(
      [first?.sender, first?.seq, first?.receiver, first?.receivedAtMs],
      ['a', 2, 'b', undefined],
    );
    assert.deepEqual([second?.receiver, second?.receivedAtMs, second?.sentAtMs], ['c', 1_001_060, 1_001_000]);
  });
});
