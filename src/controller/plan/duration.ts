import type { Plan, PlannedTest } from './plan.js';

/** When the last message of a phase is due or its last fault ends, milliseconds from the phase's T0 on. */
export function phaseEndMs(
  { tests, faults }: Pick<Plan, 'tests' | 'faults'>,
  phase: PlannedTest['phase'],
): number {
  let endMs = 0;
  for (const test of tests) {
    if (test.phase === phase) endMs = Math.max(endMs, test.afterMs + (test.amount - 1) * test.intervalMs);
  }
  if (phase === 'main') for (const { atMs, forMs } of faults) endMs = Math.max(endMs, atMs + forMs);
  return endMs;
}

/**
 * How long a run of the plan takes from the first arming to the end of the settling, milliseconds: each of its phases
 * is armed, runs and settles. Gathering, grouping, collecting and judging come on top.
 */
export function duration(plan: Plan): number {
  const phases = new Set(plan.tests.map(({ phase }) => phase));
  return [...phases].reduce((sum, phase) => sum + plan.leadMs + phaseEndMs(plan, phase) + plan.settleMs, 0);
}
