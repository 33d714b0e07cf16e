import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { LiveRun, type RunNews } from '../../../src/inspector/page/views/runs/model/live-run.js';
import { advanced, played, shownMs } from '../../../src/inspector/page/views/runs/model/playback.js';
import type { RunFacts } from '../../../src/inspector/page/views/runs/model/record.js';
import { recordedRun } from '../../../src/inspector/page/views/runs/model/recorded-run.js';
import { readReport } from '../../../src/inspector/page/views/runs/model/report.js';
import { extent, runAt } from '../../../src/inspector/page/views/runs/model/run-at.js';
import { countUp, Track } from '../../../src/inspector/page/views/runs/model/track.js';
import { clockOf, marks } from '../../../src/inspector/page/views/runs/scale.js';
import { madeJudgement, smallRun } from '../../controller/report/made-judgement.js';

const judgement = madeJudgement(smallRun());
const { startedAtMs, endedAtMs, t0 } = judgement.facts;
const mainMs = t0.main ?? 0;

const facts: RunFacts = {
  run: judgement.run,
  scenario: judgement.plan.scenario,
  state: 'failed',
  phases: [
    { state: 'loading', sinceMs: startedAtMs },
    { state: 'main.running', sinceMs: mainMs },
    { state: 'failed', sinceMs: endedAtMs },
  ],
  verdict: 'fail',
  reasons: ['3 messages of main-1 were lost; none may be'],
  warnings: [],
  nodes: judgement.plan.nodes,
  seed: '7f3a-seed',
  startedBy: 'somebody',
  startedAtMs,
  endedAtMs,
  plannedMs: 10_000,
  t0Ms: mainMs,
};

describe('a run again', () => {
  const told = (to: string, atMs: number) => ({
    machine: 'test',
    id: `${judgement.run}.main-1.north`,
    atMs,
    to,
    contextJson: '',
  });
  const record = recordedRun(facts, readReport(JSON.parse(JSON.stringify(judgement))), [
    told('running', mainMs),
    told('finished', endedAtMs - 1_000),
  ]);
  const at = (atMs: number) => runAt(record, atMs);
  const north = (atMs: number) =>
    at(atMs).tests.find(({ node, test: name }) => node === 'north' && name === 'main-1');

  test('ends with the counts of its report', () => {
    const end = at(endedAtMs);
    for (const { node, test: name, sent, amount, received } of end.tests) {
      const pairs = judgement.tests.find((one) => one.test === name)?.pairs ?? [];
      const own = pairs.find(({ sender }) => sender === node)?.counts;
      const { ok = 0, fail = 0, info = 0 } = own ?? {};
      assert.equal(sent, ok + fail + info, `${node} ${name}`);
      assert.equal(amount, own?.scheduled);
      const came = pairs.filter(({ receiver }) => receiver === node).map(({ counts }) => counts.delivered);
      assert.equal(
        received,
        came.reduce((a, b) => a + b, 0),
        `${node} ${name}`,
      );
    }
    assert.equal(
      end.received,
      judgement.tests.reduce((sum, { totals }) => sum + totals.delivered, 0),
    );
    assert.deepEqual([end.state, end.verdict, end.reasons.length], ['failed', 'fail', 1]);
  });

  test('has sent nothing before T0, knows no verdict before its end, and counts never fall', () => {
    assert.deepEqual([north(mainMs - 1)?.sent, at(mainMs - 1).state], [0, 'loading']);
    assert.deepEqual([at(endedAtMs - 1).verdict, at(endedAtMs - 1).reasons], ['', []]);
    let [sent, received] = [0, 0];
    for (let atMs = startedAtMs; atMs <= endedAtMs; atMs += 250) {
      const now = at(atMs);
      assert.ok(now.sent >= sent && now.received >= received, `at ${atMs}`);
      [sent, received] = [now.sent, now.received];
    }
    const half = north(mainMs + 5_000);
    assert.ok(half !== undefined && half.sent > 5 && half.sent < 15, `${half?.sent} of 20 in half the time`);
  });

  test("follows tests by their own machines, on the controller's clock", () => {
    const offset = judgement.facts.clocks.north?.offsetMs ?? 0;
    assert.ok(offset !== 0);
    assert.equal(north(mainMs + offset - 1)?.state, '');
    assert.equal(north(mainMs + offset)?.state, 'running');
    assert.equal(north(endedAtMs)?.state, 'finished');
  });

  test('shows a fault while it acted, not while it was planned', () => {
    const fault = judgement.faults[0];
    assert.ok(fault?.injectedAtMs !== undefined && fault.healedAtMs !== undefined);
    const acts = (atMs: number) => at(atMs).faults.find(({ track }) => track.fault === fault.fault)?.acts;
    assert.deepEqual(
      [fault.injectedAtMs - 1, fault.injectedAtMs, fault.healedAtMs - 1, fault.healedAtMs].map(acts),
      ['no', 'yes', 'yes', 'no'],
    );
  });

  test('tells how its faults were to act, as far as the report says', () => {
    const shapes = (report: unknown) => readReport(report).faults.map(({ shape }) => shape);
    const { plan } = judgement;
    const faults = plan.faults.map((fault) => ({
      ...fault,
      shape: { ...fault.shape, scope: 'host', from: ['south'] },
    }));
    assert.ok(faults.length > 0);
    assert.deepEqual(
      shapes({ ...judgement, plan: { ...plan, faults } }),
      faults.map(() => 'host, towards south'),
    );
    const old = plan.faults.map(({ shape: _, ...fault }) => fault);
    assert.deepEqual(
      shapes({ ...judgement, plan: { ...plan, faults: old } }),
      old.map(() => ''),
    );
  });

  test('is told by its phases alone where there is no report', () => {
    const bare = recordedRun({ ...facts, verdict: '', reasons: [] }, undefined, []);
    assert.deepEqual(runAt(bare, mainMs + 1).state, 'main.running');
    assert.deepEqual(runAt(bare, endedAtMs).tests, []);
  });

  test('a report that is none is refused in words', () => {
    const broken = [
      {},
      { ...judgement, v: 2 },
      { ...judgement, tests: [{ test: 'x' }] },
      { ...judgement, faults: 1 },
    ];
    for (const one of broken) assert.throws(() => readReport(one), { code: 'REPORT_INVALID' });
  });
});

describe('a run that goes on', () => {
  const news = (ofMs: number, more: Partial<RunNews> = {}): RunNews => ({
    run: {
      ...facts,
      phases: facts.phases.filter(({ sinceMs }) => sinceMs <= ofMs),
      endedAtMs: 0,
      verdict: '',
    },
    nodes: [],
    faults: [],
    waitsFor: '',
    ...more,
  });
  const north = (sent: number) => ({
    node: 'north',
    reached: true,
    tests: [{ test: 'main-1', state: 'running', sent, amount: 20, received: 2 * sent, troubled: 0 }],
  });
  const skewMs = 60_000;

  test('is known as it was told, on the clock of its controller', () => {
    const live = new LiveRun();
    live.take(news(startedAtMs, { waitsFor: 'north has no daemon' }), startedAtMs + skewMs);
    assert.equal(
      live.record && runAt(live.record, live.nowMs(startedAtMs + skewMs)).waitsFor,
      'north has no daemon',
    );
    live.take(news(mainMs), mainMs + skewMs);
    assert.equal(live.nowMs(mainMs + skewMs), mainMs);
    live.take(news(mainMs, { nodes: [north(3)] }), mainMs + skewMs + 1_000);
    live.take(news(mainMs, { nodes: [{ ...north(5), reached: false }] }), mainMs + skewMs + 2_000);
    const { record } = live;
    assert.ok(record !== undefined);
    assert.deepEqual(
      [999, 1_000, 2_000]
        .map((ms) => runAt(record, mainMs + ms))
        .map(({ sent, received }) => [sent, received]),
      [
        [0, 0],
        [3, 6],
        [5, 10],
      ],
    );
    assert.deepEqual([...runAt(record, mainMs + 2_000).outOfReach], ['north']);
    assert.equal(extent(record, mainMs + 2_000).toMs, mainMs + facts.plannedMs);
  });

  test('its faults act by plan until their node says when they did', () => {
    const live = new LiveRun();
    const [fromMs, toMs] = [mainMs + 1_000, mainMs + 3_000];
    const fault = { fault: 'f1', node: 'north', kind: 'link', fromMs, toMs, state: '' };
    live.take(news(mainMs, { faults: [fault] }), mainMs);
    const acts = (atMs: number) => live.record && runAt(live.record, atMs).faults[0]?.acts;
    assert.deepEqual([fromMs - 1, fromMs, toMs].map(acts), ['no', 'by plan', 'no']);
    const hear = (to: string, context: object) =>
      live.hear({
        machine: 'fault',
        id: `${facts.run}.f1.north`,
        atMs: fromMs,
        to,
        contextJson: JSON.stringify(context),
      });
    hear('injected', { injectedAtMs: fromMs + 200 });
    assert.deepEqual([fromMs, fromMs + 200, toMs + 500].map(acts), ['no', 'yes', 'yes']);
    const proof = { outcome: 'mismatch', reason: 'it was not felt' };
    hear('healed', { shape: 'hub', proof, injectedAtMs: fromMs + 200, healedAtMs: toMs + 300 });
    assert.deepEqual([toMs + 299, toMs + 300].map(acts), ['yes', 'no']);
    live.hear({
      machine: 'fault',
      id: `${facts.run.slice(0, -1)}X.f1.north`,
      atMs: fromMs,
      to: 'x',
      contextJson: 'no json',
    });
    const last = live.record && runAt(live.record, toMs).faults[0];
    const { shape, proof: told, reason } = last?.track ?? assert.fail();
    assert.deepEqual([last?.state, shape, told, reason], ['healed', 'hub', 'mismatch', 'it was not felt']);
  });
});

test('a track tells at each time the last value before it, however many it has forgotten', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 5 })), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 1_000 }), (all, atMs) => {
      const sorted = all.toSorted(([a], [b]) => a - b);
      const track = new Track<number>();
      for (const [when, value] of sorted) track.add(when, value);
      assert.equal(track.at(atMs), sorted.findLast(([when]) => when <= atMs)?.[1]);
    }),
  );
  const many = new Track<number>(100);
  for (let i = 0; i < 10_000; i++) many.add(i, i);
  assert.ok(many.steps.length <= 100);
  assert.deepEqual([many.at(0), many.at(9_999)], [0, 9_999]);
  const middle = many.at(5_000) ?? 0;
  assert.ok(middle <= 5_000 && middle > 4_500, `${middle}`);
});

test('a count ends at its total, whether each or few of its times are known', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 1, maxLength: 2_000 }),
      fc.integer({ min: 1, max: 1e6 }),
      (times, total) => assert.equal(countUp(times, total).at(1e6), total),
    ),
    { numRuns: 30 },
  );
  assert.equal(countUp([], 5).at(1e6), undefined);
});

test('what is played goes on by its speed, stops at the end, and begins again from the start', () => {
  const time = { fromMs: 1_000, knownMs: 11_000 };
  let now = played({ atMs: undefined, playing: false, speed: 2 }, time);
  assert.equal(shownMs(now, time), 1_000);
  now = advanced(now, 3_000, time);
  assert.deepEqual([shownMs(now, time), now.playing], [7_000, true]);
  now = advanced(now, 3_000, time);
  assert.deepEqual([shownMs(now, time), now.playing, now.atMs], [11_000, false, undefined]);
  assert.equal(shownMs({ ...now, atMs: 99_000 }, time), 11_000);
});

test('marks are few and begin at nothing; times read as on a clock', () => {
  for (const length of [500, 1_000, 61_000, 3_600_000, 1e9]) {
    const all = marks(length, 10);
    assert.ok(all.length >= 2 && all.length <= 11 && all[0] === 0, `${length}: ${all.length}`);
    assert.ok((all.at(-1) ?? 0) <= length);
  }
  assert.deepEqual([0, 5_400, 72_000, 3_723_000].map(clockOf), ['0:00', '0:05', '1:12', '1:02:03']);
});
