import { PosternError } from '../../errors.js';
import { factsOfKinds } from '../../fault-kinds.js';
import type { NodeFault } from './fault.js';
import type { Ability, Injector, Refusal } from './injection.js';
import { type FaultPlan, timesOf } from './plan.js';

/** Ways of which an interface has one at a time: each takes the place of what sends its packets. */
const queues = ['tbf', 'netem'];

/** Refuses a fault that a node would have towards itself. Throws `FAULT_INVALID`. */
export function refuseItself({ shape }: Pick<FaultPlan, 'shape'>, node: string): void {
  if (!shape.from.some((peer) => peer.node === node)) return;
  throw new PosternError(
    'FAULT_INVALID',
    `there cannot be such a fault: ${node} is the node itself; name others, or none for all`,
  );
}

/** Why a fault of this length is not taken, where it is not. */
export function tooLong({ forMs }: Pick<FaultPlan, 'forMs'>, longestMs: number): Refusal | undefined {
  if (forMs <= longestMs) return undefined;
  return {
    code: 'UNSUPPORTED',
    message: `it would last ${forMs / 1_000} s, and this agent takes faults of ${longestMs / 1_000} s at most (--longest-fault)`,
  };
}

/** Why a fault cannot be armed beside others: both would need at the same time what only one can have. */
export async function whoMeets(
  plan: FaultPlan,
  ability: Ability,
  others: readonly NodeFault[],
  injector: Injector,
): Promise<Refusal | undefined> {
  const { process, network } = factsOfKinds[plan.kind];
  const rivals = others.filter((other) => !other.isOver && overlap(plan, other.plan));
  if (process) {
    const rival = rivals.find((other) => factsOfKinds[other.plan.kind].process);
    return rival && met(rival, "has the daemon's process");
  }
  if (!network || !hasQueue(ability)) return undefined;
  for (const rival of rivals) {
    const { kind, shape } = rival.plan;
    if (!factsOfKinds[kind].network || shape.interface !== plan.shape.interface) continue;
    if (hasQueue(await injector.ability(rival.plan))) return met(rival, 'has the queue of the interface');
  }
  return undefined;
}

function hasQueue(ability: Ability): boolean {
  return 'by' in ability && queues.includes(ability.by);
}

function met({ plan: { run, fault, kind } }: NodeFault, what: string): Refusal {
  return {
    code: 'FAULT_BUSY',
    message: `the fault '${fault}' (${kind}) of the run '${run}' ${what} at that time; let one begin when the other is over`,
  };
}

/** What takes no time is there when it begins. */
function overlap(one: FaultPlan, other: FaultPlan): boolean {
  const [first, second] = [timesOf(one), timesOf(other)];
  const ends = ({ startAtMs, forMs }: typeof first) => startAtMs + Math.max(1, forMs);
  return first.startAtMs < ends(second) && second.startAtMs < ends(first);
}
