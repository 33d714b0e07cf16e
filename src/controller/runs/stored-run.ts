import { initialTransition, transition } from 'xstate';
import { type RunContext, runMachine } from '../../../machines/run.js';
import type { RunEntry, RunPartOf } from '../../bus/run-messages.js';
import { PosternError } from '../../errors.js';
import { makePlan } from '../plan/make-plan.js';
import type { Plan } from '../plan/plan.js';
import { readScenario } from '../scenario/read-scenario.js';
import type { Scenario } from '../scenario/scenario.js';
import type { RunParts } from './parts.js';

/** What the machine of a run knows after all that has happened. */
export function contextOf({ run, startedAtMs, events }: RunEntry): RunContext {
  let [snapshot] = initialTransition(runMachine, { run, atMs: startedAtMs });
  for (const event of events) [snapshot] = transition(runMachine, snapshot, event);
  return snapshot.context;
}

/** The scenario of a run as it was asked for. Throws `SCENARIO_INVALID`. */
export function storedScenario({ text, file, provider }: RunPartOf<'scenario'>): Scenario {
  return readScenario(text, file, provider === undefined ? {} : { provider });
}

/** The plan of a run, made again. Throws `RUN_UNPLANNED` when it never had one, and `STORE_UNAVAILABLE`. */
export async function storedPlan(entry: RunEntry, parts: RunParts): Promise<Plan> {
  const scenario = await parts.get('scenario');
  const nodes = await parts.get('nodes');
  if (scenario === undefined || nodes === undefined) {
    throw new PosternError('RUN_UNPLANNED', `the run '${entry.run}' ended before its nodes were there`);
  }
  const plan = makePlan(storedScenario(scenario), nodes.nodes, nodes.seed);
  assertSamePlan(plan, entry.planHash);
  return plan;
}

/** Throws `PLAN_DIFFERS` where the plan is not the one that was made first. */
export function assertSamePlan({ hash }: Plan, first: string | undefined): void {
  if (first === undefined || hash === first) return;
  throw new PosternError('PLAN_DIFFERS', 'the plan of the run cannot be made again', {
    hint: 'another version of postern has made it: judge it with that one',
  });
}
