import { phaseOfFault } from './fault-times.js';
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
  if (phase === 'control') return endMs;
  for (const { during, atMs, forMs } of faults) {
    if (during !== 'joining') endMs = Math.max(endMs, atMs + forMs);
  }
  return endMs;
}

/**
 * How long a run of the plan takes from the first arming to the end of the settling, milliseconds: each of its phases
 * is armed, runs and settles, and joining is armed and healed where it is disturbed. Gathering, grouping, collecting and
 * judging come on top.
 */
export function duration(plan: Plan): number {
  const phases = new Set(plan.tests.map(({ phase }) => phase));
  const isUpset = plan.faults.some((fault) => phaseOfFault(fault) === 'joining');
  const joining = isUpset ? plan.leadMs + joiningEndMs(plan) : 0;
  return [...phases].reduce(
    (sum, phase) => sum + plan.leadMs + phaseEndMs(plan, phase) + plan.settleMs,
    joining,
  );
}

/** When the last fault ends that comes while nodes join their groups, milliseconds from the beginning of that on; 0: none. */
export function joiningEndMs({ faults }: Pick<Plan, 'faults'>): number {
  const joining = faults.filter(({ during }) => during === 'joining');
  return joining.reduce((end, { atMs, forMs }) => Math.max(end, atMs + forMs), 0);
}
