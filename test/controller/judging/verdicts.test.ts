import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FaultFact } from '../../../src/controller/judging/judgement.js';
import { codesOf, goodRun, plannedFault, plannedTest, Run, t0 } from './runs.js';

const bLacks = (receiver: string, sender: string, seq: number): boolean =>
  receiver === 'b' && sender === 'a' && seq === 2;

describe('the verdict', () => {
  test('on lost messages is by the rule', () => {
    const run = goodRun({}, bLacks);
    assert.equal(run.judge({ ...run.plan.rules, lost: 1 }).verdict, 'pass');
    assert.equal(run.judge({ ...run.plan.rules, lost: 'any' }).verdict, 'pass');
    assert.equal(run.judge({ ...run.plan.rules, lost: 0 }).verdict, 'fail');
    assert.equal(run.judge({ ...run.plan.rules, lost: 1 }).rules.lost, 1);
  });

  test('on each test is by what is about it', () => {
    const tests = [
      plannedTest(),
      plannedTest({ test: 'pong', name: 'pong' }),
      plannedTest({ test: 'pang', name: 'pang' }),
    ];
    const run = goodRun({ tests });
    run.records('b', 'ping').splice(5, 1);
    run.records('b', 'pong').splice(-1);
    run.receive('b', 'a', 1, 4_000, { test: 'pong' }).end('b', 'pong');
    const judgement = run.judge();
    assert.deepEqual(
      judgement.tests.map(({ verdict }) => verdict),
      ['unknown', 'fail', 'pass'],
    );
    assert.equal(judgement.verdict, 'fail');
  });

  test('a loss in the control phase fails whatever else may be lost', () => {
    const tests = [plannedTest({ phase: 'control' }), plannedTest({ test: 'pong', name: 'pong' })];
    const run = goodRun({ tests, rules: { lost: 100 } }, bLacks);
    const judgement = run.judge();
    assert.deepEqual(codesOf(judgement), ['control-loss']);
    assert.match(
      judgement.reasons[0]?.text ?? '',
      /without any fault, by the harness or the daemon: a to b in ping: 1$/,
    );
    assert.deepEqual(
      judgement.tests.map(({ verdict }) => verdict),
      ['fail', 'pass'],
    );
    assert.equal(run.judge({ ...run.plan.rules, lost: 'any' }).verdict, 'pass');
  });

  test('on a run that was ended or came no further is unknown', () => {
    const aborted = goodRun();
    aborted.facts = { ...aborted.facts, aborted: { by: 'somebody', reason: 'it is late' } };
    assert.deepEqual(aborted.judge().reasons, [
      { code: 'aborted', verdict: 'unknown', text: 'somebody ended it: it is late' },
    ]);
    const cutShort = goodRun({}, bLacks);
    cutShort.facts = { ...cutShort.facts, aborted: { by: 'somebody', reason: 'it is late' } };
    assert.equal(cutShort.judge().verdict, 'unknown', 'what had no time to come is not lost for sure');
    assert.deepEqual(codesOf(cutShort.judge()), ['lost', 'aborted']);
    const stuck = goodRun();
    stuck.facts = { ...stuck.facts, stuck: { step: 'gather', message: 'c is away' } };
    assert.deepEqual(codesOf(stuck.judge()), ['stuck']);
  });

  test('on a phase that did not begin is unknown, and nothing else is said of its tests', () => {
    const run = new Run({ faults: [plannedFault()] });
    run.facts = { ...run.facts, t0: {}, clocks: {} };
    const judgement = run.judge();
    assert.deepEqual(codesOf(judgement), ['not-started']);
    assert.equal(judgement.tests[0]?.verdict, 'unknown');
  });

  test('on a test that owes nobody anything is unknown', () => {
    const run = new Run();
    for (const node of run.plan.nodes) {
      for (const seq of [1, 2, 3]) run.send(node, seq, 'fail');
      run.finish(node, []);
    }
    assert.deepEqual(codesOf(run.judge()), ['nothing-expected']);
    assert.deepEqual(codesOf(new Run({ tests: [] }).judge()), ['nothing-expected']);
  });

  test('on a test in which nothing arrived is told, too', () => {
    const judgement = goodRun({ rules: { lost: 'any' } }, (receiver, sender) => receiver !== sender).judge();
    assert.deepEqual([judgement.verdict, ...codesOf(judgement)], ['unknown', 'nothing-delivered']);
  });

  test('on calls is by their outcomes alone', () => {
    const workload = { type: 'call', method: 'a.B/C', requestJson: '{}' } as const;
    const judgement = goodRun({ tests: [plannedTest({ workload })] }).judge();
    assert.equal(judgement.verdict, 'pass');
    assert.deepEqual([judgement.totals.ok, judgement.totals.expected], [9, 0]);
    assert.deepEqual(
      judgement.tests[0]?.pairs.map(({ sender, receiver }) => [sender, receiver]),
      [
        ['a', undefined],
        ['b', undefined],
        ['c', undefined],
      ],
    );
    const run = new Run({ tests: [plannedTest({ workload, senders: ['a'], amount: 1 })] });
    assert.deepEqual(codesOf(run.send('a', 1, 'fail').end('a').judge()), ['nothing-answered']);
  });

  test('is unknown where a clock may be wrong by half of what is late, or was never measured', () => {
    const run = goodRun();
    const clocks = (errorMs: number) => ({ ...run.facts.clocks, b: { offsetMs: 0, errorMs } });
    run.facts = { ...run.facts, clocks: clocks(1_000) };
    assert.equal(run.judge().verdict, 'pass');
    run.facts = { ...run.facts, clocks: clocks(1_001) };
    assert.deepEqual(codesOf(run.judge()), ['clock']);
    const { a, c } = run.facts.clocks;
    run.facts = { ...run.facts, clocks: { ...(a && { a }), ...(c && { c }) } };
    assert.match(
      run.judge().reasons.find(({ code }) => code === 'clock')?.text ?? '',
      /b \(nobody measured it\)/,
    );
  });

  test('is unknown on what a receiver lacks whose clock nobody measured', () => {
    const run = goodRun({}, bLacks);
    const { a, c } = run.facts.clocks;
    run.facts = { ...run.facts, clocks: { ...(a && { a }), ...(c && { c }) } };
    assert.deepEqual(codesOf(run.judge()), ['clock', 'unknown']);
  });

  test('is unknown where a clock was set meanwhile', () => {
    const run = goodRun();
    run.records('b').splice(-1);
    run.write('b', 4_000, { k: 'clock', offset: 1_500, error: 10 }).end('b');
    assert.match(run.judge().reasons[0]?.text ?? '', /b \(by up to 1.5 s\)/);
  });
});

describe('the proof of a fault', () => {
  const times = { injectedAtMs: t0 + 1_000, healedAtMs: t0 + 5_000 };
  const cases: readonly (readonly [FaultFact | undefined, proof: string, reason: string | undefined])[] = [
    [
      { state: 'healed', ...times, by: 'nft', proof: { outcome: 'confirmed', reason: 'silent' } },
      ...(['confirmed', undefined] as const),
    ],
    [
      { state: 'healed', ...times, by: 'nft' },
      'confirmed',
      'its agent proves nothing: no canary has looked whether it acted',
    ],
    [
      { state: 'healed', ...times, by: 'nft', proof: { outcome: 'mismatch', reason: 'it came through' } },
      ...(['mismatch', 'it came through'] as const),
    ],
    [
      { state: 'healed', ...times, by: 'nft', proof: { outcome: 'inconclusive', reason: 'too short' } },
      ...(['inconclusive', 'too short'] as const),
    ],
    [
      { state: 'checking', ...times, by: 'nft' },
      ...(['inconclusive', 'its node was still looking whether it is gone'] as const),
    ],
    [{ state: 'healed', ...times }, 'inconclusive', 'nobody told by what it was done'],
    [{ state: 'stuck', injectedAtMs: t0, by: 'nft' }, 'inconclusive', 'nobody told that it was healed'],
    [
      { state: 'healed', injectedAtMs: t0, healedAtMs: t0 + 1_999, by: 'nft' },
      'mismatch',
      'it lasted 1999 of 4000 ms',
    ],
    [{ state: 'refused', reason: 'no right' }, 'mismatch', 'it was refused: no right'],
    [{ state: 'missed' }, 'mismatch', 'it was missed'],
    [{ state: 'waiting' }, 'mismatch', 'it was not injected'],
    [undefined, 'mismatch', 'its node told nothing of it'],
  ];
  for (const [fact, proof, reason] of cases) {
    test(`is ${proof} where ${reason ?? 'its node told when it began, when it ended, and how'}`, () => {
      const run = goodRun({ faults: [plannedFault()] });
      run.facts = { ...run.facts, faults: fact === undefined ? {} : { cut: fact } };
      const judgement = run.judge();
      assert.deepEqual([judgement.faults[0]?.proof, judgement.faults[0]?.reason], [proof, reason]);
      const code = proof === 'confirmed' ? [] : [`fault-${proof}`];
      assert.deepEqual(codesOf(judgement), code);
    });
  }

  test('may be in the journals of its node, and of no other', () => {
    const run = goodRun({ faults: [plannedFault()] });
    const note = (phase: string, at: number) => ({
      fault: 'cut',
      kind: 'link',
      phase,
      at: t0 + at,
      by: 'nft',
    });
    for (const node of ['a', 'b']) run.records(node).splice(-1);
    run.write('a', 1_000, { k: 'note', topic: 'fault', data: note('injected', 0) });
    run.write('b', 1_000, { k: 'note', topic: 'fault', data: note('injected', 1_000) });
    run.write('b', 5_000, { k: 'note', topic: 'fault', data: note('healed', 5_000) });
    run.facts = { ...run.facts, clocks: { ...run.facts.clocks, b: { offsetMs: 7, errorMs: 1 } } };
    const [fault] = run.end('a').end('b').judge().faults;
    assert.deepEqual(
      [fault?.proof, fault?.injectedAtMs, fault?.healedAtMs],
      ['confirmed', t0 + 1_007, t0 + 5_007],
    );
    assert.deepEqual([fault?.plannedFromMs, fault?.plannedToMs], [t0 + 1_000, t0 + 5_000]);
  });

  test('is what the journals of its node tell where the controller heard of nothing', () => {
    const run = goodRun({ faults: [plannedFault()] });
    const note = (phase: string, at: number, more = {}) => {
      const data = { fault: 'cut', kind: 'link', phase, at: t0 + at, by: 'nft', ...more };
      run.write('b', at, { k: 'note', topic: 'fault', data });
    };
    run.records('b').splice(-1);
    note('injected', 1_000);
    note('healed', 5_000, { code: 'FAULT_DIFFERED', reason: 'the kernel healed it for a while' });
    note('proven', 5_200, { outcome: 'mismatch', reason: 'it came through 2 of 9 times' });
    run.facts = { ...run.facts, faults: {} };
    const judgement = run.end('b').judge();
    assert.deepEqual(
      [judgement.faults[0]?.proof, judgement.faults[0]?.reason],
      ['mismatch', 'it came through 2 of 9 times: the kernel healed it for a while'],
    );
    assert.deepEqual(codesOf(judgement), ['fault-mismatch']);
  });

  test('shows what canaries saw, by the clock of the controller', () => {
    const run = goodRun({ faults: [plannedFault()] });
    const sight = {
      ...{ phase: 'during', path: 'affected', name: 'tcp 192.0.2.7:4101', fromMs: t0, toMs: t0 + 5 },
      ...{ looks: 9, through: 0, medianMs: 0, found: 'no answer' },
    };
    const proof = { outcome: 'confirmed' as const, reason: 'silent' };
    run.facts = {
      ...run.facts,
      clocks: { ...run.facts.clocks, b: { offsetMs: 7, errorMs: 1 } },
      faults: { cut: { state: 'healed', ...times, by: 'nft', proof, sights: [sight] } },
    };
    const { faults, facts } = run.judge();
    assert.deepEqual(faults[0]?.sights, [{ ...sight, fromMs: t0 + 7, toMs: t0 + 12 }]);
    assert.deepEqual(
      Object.keys(facts.faults.cut ?? {}),
      ['state', 'injectedAtMs', 'healedAtMs', 'by'],
      'told once',
    );
  });
});

describe('times in which nobody could look on', () => {
  test('are those between a going and a coming, and those without an agent', () => {
    const run = goodRun();
    run.records('b').splice(-1);
    run.write('b', 14_000, { k: 'hub', up: false }).write('b', 15_000, { k: 'hub', up: true });
    run.write('b', 15_500, { k: 'daemon', up: false });
    run
      .write('b', 17_000, { k: 'boot', boot: 2, version: '1', cut: 0 })
      .write('b', 17_100, { k: 'hub', up: true });
    assert.deepEqual(run.end('b').judge().intervals, [
      { node: 'b', what: 'daemon', fromMs: t0 + 15_500 },
      { node: 'b', what: 'hub', fromMs: t0 + 14_000, toMs: t0 + 15_000 },
      { node: 'b', what: 'hub', fromMs: t0 + 15_500, toMs: t0 + 17_100 },
    ]);
  });
});
