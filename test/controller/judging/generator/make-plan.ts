import {
  type Plan,
  type PlannedFault,
  type PlannedTest,
  plainPlanned,
} from '../../../../src/controller/plan/plan.js';
import { faultKinds } from '../../../../src/fault-kinds.js';
import type { Random } from '../../../system/chaos/random.js';

const names = ['north', 'east', 'south', 'west', 'cellar', 'attic'];
export const lateAfterMs = 2_000;
export const settleMs = 8_000;

/** Draws a plan: two to five nodes, groups of some of them, tests of all kinds, faults. */
export function drawPlan(random: Random): Plan {
  const nodes = names.slice(0, 2 + random.below(4)).sort();
  const groups = Array.from({ length: 1 + random.below(2) }, (_, at) => ({
    name: `group-${at}`,
    members: membersFrom(nodes, random),
  }));
  const tests = Array.from({ length: 1 + random.below(3) }, (_, at): PlannedTest => {
    const group = random.pick(groups);
    const isCall = at > 0 && random.below(8) === 0;
    const amount = 3 + random.below(10);
    return {
      test: `t${at}`,
      name: `test ${at}`,
      group: group.name,
      phase: at > 0 && random.below(3) === 0 ? 'control' : 'main',
      workload: isCall ? { type: 'call', method: 'a.B/C', requestJson: '{}' } : { type: 'text' },
      size: 100,
      intervalMs: 40 + random.below(200),
      amount,
      afterMs: random.below(400),
      senders: random.below(4) === 0 ? group.members.slice(0, 1) : group.members,
    };
  });
  const faults = Array.from({ length: random.below(4) }, (_, at): PlannedFault => {
    const kind = random.pick(faultKinds);
    return {
      fault: `f${at}`,
      node: random.pick(nodes),
      kind,
      during: 'running',
      atMs: at * 700 + random.below(300),
      forMs: 200 + random.below(2_500),
      shape: plainPlanned(kind),
    };
  });
  return {
    v: 1,
    scenario: 'generated',
    seed: 'generated',
    hash: '0'.repeat(64),
    nodes,
    groups,
    tests,
    faults,
    leadMs: 1_000,
    settleMs,
    patience: { gatherMs: 1_000, groupMs: 1_000, readyMs: 1_000, collectMs: 1_000 },
    rules: {
      lost: 0,
      duplicated: 0,
      reordered: random.below(2) === 0 ? 'any' : 0,
      lateAfterMs,
      late: random.below(2) === 0 ? 'any' : 0,
    },
  };
}

function membersFrom(nodes: readonly string[], random: Random): string[] {
  const left = [...nodes];
  while (left.length > 2 && random.below(3) === 0) left.splice(random.below(left.length), 1);
  return left;
}
