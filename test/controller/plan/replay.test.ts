import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FaultJudgement, RunFacts } from '../../../src/controller/judging/judgement.js';
import { duration } from '../../../src/controller/plan/duration.js';
import { makePlan } from '../../../src/controller/plan/make-plan.js';
import { replayedNodes, replayedPlan } from '../../../src/controller/plan/replay.js';
import { replayOf } from '../../../src/controller/plan/replay-of.js';
import { replayIn } from '../../../src/controller/runs/replay-request.js';
import { read } from '../scenarios.js';

const scenario = read(`
nodes: {north: {}, south: {}}
groups: {chat: {tests: {ping: {type: text, interval: 1s, amount: 10}}}}
faults:
  - {kind: link, nodes: north, at: 2s, for: 3s}
  - {kind: restart, nodes: south, at: 4s}
  - {kind: pause, nodes: south, at: 5s, for: 1s}
  - {kind: link, nodes: south, during: joining, at: 1s, for: 2s}
  - {kind: kill, nodes: north, at: 6s, for: 1s}
`);
const plan = makePlan(scenario, ['north', 'south'], 'seven');
const t0 = { joining: 100_000, main: 200_000 };
const facts: Omit<RunFacts, 'plan' | 'run'> = {
  ...{ startedAtMs: 90_000, endedAtMs: 300_000, t0, clocks: {}, faults: {}, versions: {} },
};

/** What became of a fault. */
function was(kind: string, node: string, more: Partial<FaultJudgement>): FaultJudgement {
  const planned =
    plan.faults.find((one) => one.kind === kind && one.node === node) ?? assert.fail(`no ${kind} of ${node}`);
  return {
    ...{ fault: planned.fault, node, kind: planned.kind, proof: 'confirmed' },
    ...{ plannedFromMs: 0, plannedToMs: 0, ...more },
  };
}

const happened = [
  was('link', 'north', { injectedAtMs: 202_040.4, healedAtMs: 203_000 }),
  was('restart', 'south', { injectedAtMs: 204_010, healedAtMs: 204_700 }),
  was('pause', 'south', { proof: 'mismatch', reason: 'it was refused: the daemon is not ours' }),
  was('link', 'south', { injectedAtMs: 99_995, healedAtMs: 103_100 }),
  was('kill', 'north', { proof: 'inconclusive', injectedAtMs: 206_500 }),
];
const run = { run: 'r1', plan, facts, faults: happened };

test('what really happened is done again: when it was, as long as it was, and nothing else', () => {
  const { replay, remarks } = replayOf(run);
  const times = replay.faults.map(({ kind, node, during, atMs, forMs }) => [kind, node, during, atMs, forMs]);
  assert.deepEqual(times.sort(), [
    ['kill', 'north', 'running', 6_500, 1_000],
    ['link', 'north', 'running', 2_040, 960],
    ['link', 'south', 'joining', 0, 3_105],
    ['restart', 'south', 'running', 4_010, 0],
  ]);
  assert.deepEqual(remarks.toSorted(), [
    'kill-1-north of north: as long as planned, since nobody told of its heal',
    'pause-1-south of south: left out: it was refused: the daemon is not ours',
  ]);
});

test('a plan that does a run again says so, and has a hash of its own that stays the same', () => {
  const { replay } = replayOf(run);
  const again = replayedPlan(plan, replay);
  assert.equal(again.replays, 'r1');
  assert.deepEqual(again.tests, plan.tests);
  assert.deepEqual(again.faults, replay.faults);
  assert.notEqual(again.hash, plan.hash);
  const told = replayIn({ ...request, replayJson: JSON.stringify(replay) });
  assert.equal(replayedPlan(plan, told).hash, again.hash);
  assert.equal(replayedPlan(plan, undefined), plan);
  assert.throws(() => replayedPlan(plan, { ...replay, nodes: ['north', 'west'] }), {
    code: 'REPLAY_DIFFERS',
  });
});

test('a run lasts longer where joining is disturbed', () => {
  const joining = plan.faults.filter(({ during }) => during === 'joining');
  const calm = { ...plan, faults: plan.faults.filter((fault) => !joining.includes(fault)) };
  assert.equal(duration(plan) - duration(calm), plan.leadMs + 3_000);
});

test('a run is done again on the nodes that it had, or not at all', () => {
  const { replay } = replayOf(run);
  const there = ['east', 'north', 'south'].map((name) => ({ name }));
  assert.deepEqual(replayedNodes(replay, there), [{ name: 'north' }, { name: 'south' }]);
  assert.throws(() => replayedNodes(replay, [{ name: 'south' }]), {
    code: 'NODES_MISSING',
    message: 'the node north of the run r1: not there now',
  });
});

test('of a run that was never armed nothing can be done again', () => {
  assert.throws(() => replayOf({ ...run, facts: { ...facts, t0: {} } }), { code: 'RUN_UNARMED' });
  const { replay, remarks } = replayOf({ ...run, facts: { ...facts, t0: { joining: 100_000 } } });
  assert.deepEqual(
    replay.faults.map(({ during }) => during),
    ['joining'],
  );
  assert.ok(remarks.includes('link-1-north of north: left out, as the main phase was not armed'));
});

test('what is asked to be done again is refused where it is not what a run could have done', () => {
  const { replay } = replayOf(run);
  const [first] = replay.faults;
  for (const bad of [
    '{',
    '[]',
    JSON.stringify({ ...replay, run: 'a b' }),
    JSON.stringify({ ...replay, faults: [{ ...first, forMs: 3_600_001 }] }),
    JSON.stringify({ ...replay, faults: [{ ...first, kind: 'flood' }] }),
    JSON.stringify({ ...replay, faults: Array.from({ length: 1_001 }, () => first) }),
    JSON.stringify(replay) + ' '.repeat(600_000),
  ]) {
    assert.throws(() => replayIn({ ...request, replayJson: bad }), { code: 'INVALID_ARGUMENT' });
  }
});

const request = { scenario: '', file: '', seed: '', run: '', provider: '', replayJson: '' };
