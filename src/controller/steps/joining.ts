import { setTimeout as sleep } from 'node:timers/promises';
import type { Seen } from '../nodes/lookout.js';
import { phaseOfFault } from '../plan/fault-times.js';
import type { PlannedFault } from '../plan/plan.js';
import type { PlannedRun } from './context.js';
import type { StepLife } from './step.js';

/** States of a fault in which it acts no more, and never will. */
const ended: ReadonlySet<string> = new Set(['healed', 'refused', 'missed', 'cancelled']);

/** Waits until a time, Unix milliseconds; not at all where there is none. */
export async function until(
  atMs: number | undefined,
  now: () => number,
  { signal, trouble }: StepLife,
): Promise<void> {
  const leftMs = (atMs ?? 0) - now();
  if (leftMs <= 0) return;
  trouble('the nodes know what to disturb while members join, and when that begins');
  await sleep(leftMs, undefined, { signal });
  trouble(undefined);
}

/** Waits until the nodes say of all faults that come while members join that they act no more. */
export async function awaitHealed(run: PlannedRun, life: StepLife): Promise<void> {
  const faults = run.plan.faults.filter((fault) => phaseOfFault(fault) === 'joining');
  await run.lookout.until((seen) => {
    const acting = faults.filter((fault) => !hasEnded(fault, seen));
    const more = acting.length > 3 ? ` and ${acting.length - 3} more` : '';
    const named = acting.slice(0, 3).map(({ fault, node }) => `${fault} of ${node}`);
    life.trouble(acting.length === 0 ? undefined : `not healed yet: ${named.join(', ')}${more}`);
    return acting.length === 0;
  }, life.signal);
}

function hasEnded({ fault, node }: PlannedFault, seen: ReadonlyMap<string, Seen>): boolean {
  const found = seen.get(node)?.faults?.find((one) => one.fault === fault);
  return found !== undefined && ended.has(found.state);
}
