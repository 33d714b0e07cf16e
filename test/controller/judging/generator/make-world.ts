import type { ClockReading, FaultFact } from '../../../../src/controller/judging/judgement.js';
import type { Plan, PlannedTest } from '../../../../src/controller/plan/plan.js';
import type { Random } from '../../../system/chaos/random.js';
import { drawPlan } from './make-plan.js';
import { makeSheet } from './make-sheet.js';
import { membersOf, sha256, type TrueFault, type TrueSend, type World } from './world.js';

const startedAt = 1_700_000_000_000;
const t0 = { control: startedAt + 10_000, main: startedAt + 60_000 };

/** Makes a run in which all is well: faults come and go, what they hold up arrives soon after, nothing is lost. */
export function makeWorld(random: Random): World {
  const plan = drawPlan(random);
  const offsets = new Map(plan.nodes.map((node) => [node, random.below(2_000_000) - 1_000_000]));
  const clocks: [string, ClockReading][] = [];
  for (const [node, offsetMs] of offsets) {
    // The others are known by their arming alone.
    if (random.below(4) > 0) clocks.push([node, { offsetMs, errorMs: 1 + random.below(20) }]);
  }
  const faults = plan.faults.map(({ fault, node, atMs, forMs }): TrueFault => {
    const fromAt = t0.main + atMs + random.below(30);
    return { fault, node, fromAt, toAt: fromAt + forMs + random.below(30) };
  });
  const told: [string, FaultFact][] = [];
  for (const { fault, node, fromAt, toAt } of faults) {
    // The others are told of in journals: that needs one of the node in the main phase.
    const isNoted = plan.tests.some((test) => test.phase === 'main' && membersOf(plan, test).includes(node));
    const offset = offsets.get(node) ?? 0;
    if (isNoted && random.below(2) === 0) continue;
    told.push([
      fault,
      { state: 'healed', injectedAtMs: fromAt - offset, healedAtMs: toAt - offset, by: 'nft' },
    ]);
  }
  const sends = plan.tests.flatMap((test) => drawSends(plan, test, faults, random));
  const hasControl = plan.tests.some(({ phase }) => phase === 'control');
  const world: World = {
    plan,
    offsets,
    sends,
    faults,
    sheets: [],
    replays: 0,
    facts: {
      run: 'r1',
      plan,
      startedAtMs: startedAt,
      endedAtMs: startedAt + 100_000,
      t0: hasControl ? t0 : { main: t0.main },
      clocks: Object.fromEntries(clocks),
      faults: Object.fromEntries(told),
      versions: {},
    },
  };
  for (const test of plan.tests) {
    for (const node of membersOf(plan, test)) world.sheets.push(makeSheet(world, test, node, random));
  }
  return world;
}

function drawSends(plan: Plan, test: PlannedTest, faults: readonly TrueFault[], random: Random): TrueSend[] {
  const isMain = test.phase === 'main';
  return membersOf(plan, test)
    .filter((node) => test.senders.includes(node))
    .flatMap((sender, place) =>
      Array.from({ length: test.amount }, (_, at): TrueSend => {
        const seq = at + 1;
        const dueAt = t0[test.phase] + test.afterMs + at * test.intervalMs;
        const disturbed =
          isMain &&
          faults.some(({ node, fromAt, toAt }) => node === sender && fromAt <= dueAt && dueAt < toAt);
        const lot = random.below(disturbed ? 10 : 40);
        const fates = ['fail', 'info', 'skipped', 'unknown'] as const;
        const isFirst = place === 0 && at === 0;
        const fate = isFirst ? 'ok' : (fates[lot] ?? 'ok');
        const sentAt = dueAt + (random.below(10) === 0 ? 100 + random.below(100) : random.below(20));
        const inDoubt = fate === 'info' || fate === 'unknown';
        return {
          test,
          sender,
          seq,
          fate,
          wasOffered: random.below(2) === 0,
          exists: fate === 'ok' || (inDoubt && random.below(2) === 0),
          event: `event-${test.test}-${sender}-${seq}`,
          hash: sha256(`${test.test} ${sender} ${seq}`),
          dueAt,
          sentAt,
          ackAt: sentAt + 1 + random.below(15),
        };
      }),
    );
}
