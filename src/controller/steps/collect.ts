import type { RunPartOf } from '../../bus/run-messages.js';
import type { Fault, FaultSight } from '../../gen/postern/v1/faults.js';
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
  // What canaries see after a fault is a record too, and comes soon.
  if (seen?.reached === true && seen.faults?.some(({ state }) => state === 'checking') === true) return false;
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
    await run.parts.put({ k: 'faults', faults: factsOf(told.slice(0, mostFaultsKept)) });
  });
}

/** All of them together may take so much room, in characters of JSON: a message of the bus holds a million. */
const mostSightsText = 250_000;

/** What became of faults. What canaries saw is left out of those for which there is no room. */
function factsOf(faults: readonly Fault[]): RunPartOf<'faults'>['faults'] {
  let left = mostSightsText;
  return faults.map((fault) => {
    const fact = factOf(fault);
    const sights = fault.proof?.sights.slice(0, mostSights).map(sightOf) ?? [];
    const size = JSON.stringify(sights).length;
    if (sights.length === 0 || size > left) return fact;
    left -= size;
    return { ...fact, sights };
  });
}

function factOf(fault: Fault): RunPartOf<'faults'>['faults'][number] {
  const outcome = outcomes.find((one) => one === fault.proof?.outcome);
  return {
    fault: fault.fault,
    state: fault.state.slice(0, 64),
    ...(fault.injectedAtMs === 0 ? {} : { injectedAtMs: fault.injectedAtMs }),
    ...(fault.healedAtMs === 0 ? {} : { healedAtMs: fault.healedAtMs }),
    ...(fault.by === '' ? {} : { by: fault.by.slice(0, 64) }),
    ...(fault.reason === '' ? {} : { reason: fault.reason.slice(0, 200) }),
    ...(outcome === undefined
      ? {}
      : { proof: { outcome, reason: (fault.proof?.reason ?? '').slice(0, 300) } }),
  };
}

const outcomes = ['confirmed', 'mismatch', 'inconclusive'] as const;
/** What canaries of one fault saw is told up to here. */
const mostSights = 48;

function sightOf({ phase, path, name, found, ...numbers }: FaultSight): FaultSight {
  return {
    ...numbers,
    phase: phase.slice(0, 16),
    path: path.slice(0, 16),
    name: name.slice(0, 128),
    found: found.slice(0, 256),
  };
}
