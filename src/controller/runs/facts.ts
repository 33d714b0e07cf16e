import type { RunPartOf } from '../../bus/run-messages.js';
import type { Plan } from '../plan/plan.js';

/** When the last message of a test is due, from T0 of its phase on, milliseconds. */
export function lastsMs(test: Pick<Plan['tests'][number], 'afterMs' | 'intervalMs' | 'amount'>): number {
  return test.afterMs + test.intervalMs * Math.max(0, test.amount - 1);
}

/** The members of a test's group. */
export function membersOf(plan: Plan, group: string): readonly string[] {
  return plan.groups.find(({ name }) => name === group)?.members ?? [];
}

/** The tests that a node takes part in, sending or receiving. */
export function testsOn(plan: Plan, node: string): Plan['tests'] {
  return plan.tests.filter(({ group, senders, workload }) =>
    workload.type === 'call' ? senders.includes(node) : membersOf(plan, group).includes(node),
  );
}

/** A node as it was gathered. */
export type GatheredNode = RunPartOf<'nodes'>['nodes'][number];
/** A group as it was made. */
export type MadeGroup = RunPartOf<'groups'>['groups'][number];
