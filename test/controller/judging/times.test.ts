import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { foundIn } from './generated.js';
import { codesOf, disturbed, goodRun, pairOf, plannedFault, plannedTest, type Run, t0 } from './runs.js';

/** b lacks the second message of a. */
const bLacks = (receiver: string, sender: string, seq: number): boolean =>
  receiver === 'b' && sender === 'a' && seq === 2;

/** A run in which b has the second message of a only so long after T0, from a list that it asked for. */
function lateRun(atMs: number, changes: Parameters<typeof goodRun>[0] = {}): Run {
  const run = goodRun(changes, bLacks);
  const records = run.records('b');
  records.splice(records.findIndex(({ k }) => k === 'note'));
  run.receive('b', 'a', 2, atMs, { way: 'replay' });
  return run.finish(
    'b',
    ['a', 'b', 'c'].flatMap((from) => [1, 2, 3].map((seq) => [from, seq] as const)),
  );
}

describe('times of messages', () => {
  test('late is what needs longer than the rule says, and fails a run where a rule says so', () => {
    assert.deepEqual(foundIn(lateRun(3_010).judge()), [], 'two seconds are in time');
    const run = lateRun(3_011);
    const judgement = run.judge();
    assert.deepEqual(foundIn(judgement), ['late ping a#2 b']);
    assert.equal(judgement.verdict, 'pass', 'it is told and does not count');
    assert.equal(run.judge({ ...run.plan.rules, late: 0.1 }).verdict, 'pass', '1 of 18 may be late');
    const strict = run.judge({ ...run.plan.rules, late: 0.05 });
    assert.equal(strict.verdict, 'fail');
    assert.match(
      strict.reasons[0]?.text ?? '',
      /^1 of 18 messages was later than 2 s and 5 % may be: a to b in ping: 1$/,
    );
  });

  for (const node of ['a', 'b']) {
    test(`the time of a fault at ${node === 'a' ? 'the sender' : 'the receiver'} is set aside`, () => {
      const faults = [plannedFault({ node })];
      const run = disturbed(lateRun(7_000, { faults }), 1_005, 5_000, node);
      const judgement = run.judge();
      assert.deepEqual(foundIn(judgement), [], 'two seconds after the heal');
      assert.equal(pairOf(judgement, 'a', 'b')?.counts.excused, 1);
      assert.equal(judgement.verdict, 'pass');
      assert.deepEqual(foundIn(disturbed(lateRun(7_001, { faults }), 1_005, 5_000, node).judge()), [
        'late ping a#2 b',
      ]);
    });
  }

  test('a fault at another node, or one that came after, sets nothing aside', () => {
    const other = [plannedFault({ node: 'c' })];
    assert.deepEqual(foundIn(disturbed(lateRun(7_000, { faults: other }), 1_005, 5_000, 'c').judge()), [
      'late ping a#2 b',
    ]);
    const after = [plannedFault({ node: 'b', atMs: 7_000 })];
    const run = disturbed(lateRun(7_000, { faults: after }), 7_001, 11_000);
    assert.deepEqual(foundIn(run.judge()), ['late ping a#2 b']);
  });

  test('latency is by corrected clocks, and never less than nothing', () => {
    const run = goodRun();
    run.facts = { ...run.facts, clocks: { ...run.facts.clocks, b: { offsetMs: 25, errorMs: 1 } } };
    const judgement = run.judge();
    assert.equal(pairOf(judgement, 'a', 'b')?.latency?.max, 75);
    assert.equal(pairOf(judgement, 'b', 'a')?.latency?.max, 25);
    run.facts = { ...run.facts, clocks: { ...run.facts.clocks, b: { offsetMs: 80, errorMs: 1 } } };
    assert.equal(pairOf(run.judge(), 'b', 'a')?.latency?.max, 0);
  });

  test('a message is stable when the last one who is owed it has it', () => {
    const [only] = lateRun(2_000).judge().tests;
    assert.deepEqual(only?.stable, { count: 9, p50: 50, p95: 990, p99: 990, max: 990 });
    assert.equal(goodRun({}, bLacks).judge().tests[0]?.stable?.count, 8, 'a lost one never is');
  });

  test('slips, and sends that were accepted with and without a fault, are told', () => {
    const run = goodRun({
      faults: [plannedFault({ node: 'a', atMs: 1_000, forMs: 500 })],
      tests: [plannedTest({ amount: 4 })],
    });
    for (const node of ['a', 'b', 'c']) run.records(node).splice(-1);
    run.write('a', 3_300, { k: 'intent', seq: 4, due: t0 + 3_000, size: 1, hash: '0'.repeat(64) });
    run.write('a', 3_400, { k: 'outcome', seq: 4, result: 'fail', sentAt: t0 + 3_300, ackAt: t0 + 3_400 });
    for (const node of ['b', 'c'])
      run.write(node, 3_000, { k: 'slip', seq: 4, due: t0 + 3_000, late: 2_000, sent: false });
    for (const node of ['a', 'b', 'c']) run.end(node);
    const [only] = disturbed(run, 1_000, 1_500, 'a').judge().tests;
    assert.deepEqual(only?.availability, { calm: 8 / 11, disturbed: 1 });
    assert.deepEqual(only?.due, { calm: 11, disturbed: 1 });
    assert.equal(only?.slip?.max, 300);
    assert.deepEqual([only?.totals.fail, only?.totals.skipped, only?.totals.scheduled], [1, 2, 12]);
  });
});

describe('convergence after a heal', () => {
  const faults = [plannedFault()];

  test('is the time until all has come that was acknowledged before', () => {
    const run = disturbed(lateRun(7_000, { faults }), 1_005, 5_000);
    assert.equal(run.judge().faults[0]?.convergenceMs, 2_000);
    assert.equal(run.judge({ ...run.plan.rules, convergenceMs: 2_000 }).verdict, 'pass');
    const judgement = run.judge({ ...run.plan.rules, convergenceMs: 1_999 });
    assert.deepEqual([judgement.verdict, ...codesOf(judgement)], ['fail', 'convergence']);
  });

  test('has no end where something is lost', () => {
    const judgement = disturbed(
      goodRun({ faults, rules: { lost: 'any', convergenceMs: 60_000 } }, bLacks),
      1_005,
      5_000,
    ).judge();
    assert.equal(judgement.faults[0]?.convergenceMs, undefined);
    assert.equal(judgement.faults[0]?.convergence, 'never');
    assert.deepEqual(codesOf(judgement), ['convergence']);
  });

  test('is no time where nothing was held up, and not told where the heal was not', () => {
    assert.equal(disturbed(goodRun({ faults }), 1_005, 5_000).judge().faults[0]?.convergenceMs, 0);
    assert.equal(
      'convergenceMs' in (disturbed(goodRun({ faults }), 1_005, undefined).judge().faults[0] ?? {}),
      false,
    );
  });

  test('is not answered for by a fault that another one outlasted', () => {
    const both = [plannedFault(), plannedFault({ fault: 'other', node: 'a', atMs: 1_000, forMs: 5_000 })];
    const run = disturbed(disturbed(lateRun(7_000, { faults: both }), 1_005, 5_000), 1_005, 6_000, 'a');
    const [cut, other] = run.judge().faults;
    assert.deepEqual([cut?.convergenceMs, other?.convergenceMs], [0, 1_000]);
  });
});
