import type { Fault } from '../../gen/postern/v1/faults.js';
import type { Test } from '../../gen/postern/v1/tests.js';
import type { Seen } from '../nodes/lookout.js';
import type { Plan } from '../plan/plan.js';
import { testsOn } from '../runs/facts.js';
import type { PlannedRun } from './context.js';
import { insist, type StepLife } from './step.js';

type Phase = 'control' | 'main';
const ended = new Set(['finished', 'stopped', 'failed']);

/**
 * Waits until the nodes say that the tests of some phases have ended and all their records are handed over. With `made`
 * only the tests that were made count: not all were, when a run is ended before its time.
 */
export async function awaitRecords(
  run: PlannedRun,
  life: StepLife,
  { phases, made = false }: { readonly phases: readonly Phase[]; readonly made?: boolean },
): Promise<void> {
  const { plan } = run;
  await run.lookout.until((seen) => {
    const waiting = plan.nodes.filter((node) => !isOver(plan, node, seen.get(node), { phases, made }));
    const more = waiting.length > 3 ? ` and ${waiting.length - 3} more` : '';
    life.trouble(
      waiting.length === 0
        ? undefined
        : `${waiting.slice(0, 3).join(', ')}${more} ${waiting.length === 1 ? 'has' : 'have'} not handed over all records`,
    );
    return waiting.length === 0;
  }, life.signal);
}

function isOver(
  plan: Plan,
  node: string,
  seen: Seen | undefined,
  { phases, made }: { readonly phases: readonly Phase[]; readonly made: boolean },
): boolean {
  const planned = testsOn(plan, node).filter(({ phase }) => phases.includes(phase));
  if (planned.length === 0) return true;
  return planned.every(({ test }) => {
    const found = seen?.tests?.find((one) => one.test === test);
    return found === undefined ? made && seen?.tests !== undefined : isHandedOver(found);
  });
}

function isHandedOver({ state, recorded, drained }: Test): boolean {
  return ended.has(state) && drained >= recorded;
}

/** So many are written down here: the journals of the nodes tell of all. */
const mostFaultsKept = 1_000;

/** Writes down what became of the faults, as far as their nodes have told it. */
export async function keepFaults(
  run: PlannedRun,
  life: StepLife,
  seen: ReadonlyMap<string, Seen>,
): Promise<void> {
  if (run.plan.faults.length === 0) return;
  const planned = new Map(run.plan.faults.map(({ fault, node }) => [fault, node]));
  // A node tells of its own faults alone, each once.
  const told = [...seen].flatMap(([node, { faults = [] }]) => {
    const own = faults.filter(({ fault }) => planned.get(fault) === node);
    return [...new Map(own.map((fault) => [fault.fault, fault])).values()];
  });
  await insist(life, 'writing down the faults', async () => {
    await run.parts.get('faults');
    await run.parts.put({ k: 'faults', faults: told.slice(0, mostFaultsKept).map(factOf) });
  });
}

function factOf(fault: Fault): {
  fault: string;
  state: string;
  injectedAtMs?: number;
  healedAtMs?: number;
  by?: string;
  reason?: string;
} {
  return {
    fault: fault.fault,
    state: fault.state.slice(0, 64),
    ...(fault.injectedAtMs === 0 ? {} : { injectedAtMs: fault.injectedAtMs }),
    ...(fault.healedAtMs === 0 ? {} : { healedAtMs: fault.healedAtMs }),
    ...(fault.by === '' ? {} : { by: fault.by.slice(0, 64) }),
    ...(fault.reason === '' ? {} : { reason: fault.reason.slice(0, 200) }),
  };
}
