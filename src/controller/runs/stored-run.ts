import { initialTransition, transition } from 'xstate';
import { type RunContext, runMachine } from '../../../machines/run.js';
import type { RunEntry, RunPartOf } from '../../bus/run-messages.js';
import { PosternError } from '../../errors.js';
import { planAgain, uncheckedPlan } from '../plan/make-plan.js';
import type { Plan } from '../plan/plan.js';
import { type Replay, replayedPlan } from '../plan/replay.js';
import { readScenario } from '../scenario/read-scenario.js';
import type { Scenario } from '../scenario/scenario.js';
import type { RunParts } from './parts.js';

/** What the machine of a run knows after all that has happened. */
export function contextOf({ run, startedAtMs, events }: RunEntry): RunContext {
  let [snapshot] = initialTransition(runMachine, { run, atMs: startedAtMs });
  for (const event of events) [snapshot] = transition(runMachine, snapshot, event);
  return snapshot.context;
}

/**
 * The scenario of a run as it was asked for. Throws `SCENARIO_INVALID`.
 * @param planned it was planned before, be it by a release that refused less
 */
export function storedScenario({ text, file, provider }: RunPartOf<'scenario'>, planned: boolean): Scenario {
  return readScenario(text, file, { stored: planned, ...(provider === undefined ? {} : { provider }) });
}

/** The plan of a run, made again. Throws `RUN_UNPLANNED` when it never had one, and `STORE_UNAVAILABLE`. */
export async function storedPlan(entry: RunEntry, parts: RunParts): Promise<Plan> {
  const scenario = await parts.get('scenario');
  const nodes = await parts.get('nodes');
  if (scenario === undefined || nodes === undefined) {
    throw new PosternError('RUN_UNPLANNED', `the run '${entry.run}' ended before its nodes were there`);
  }
  const replay = await parts.get('replay');
  return samePlan({ scenario: storedScenario(scenario, true), nodes, replay }, entry.planHash);
}

/** What a plan was made of. */
export interface PlanParts {
  readonly scenario: Scenario;
  readonly nodes: Pick<RunPartOf<'nodes'>, 'nodes' | 'seed'>;
  readonly replay: Replay | undefined;
}

/** The plan that was made of them first. Throws `PLAN_DIFFERS` where another one is made of them now. */
export function samePlan(
  { scenario, nodes: { nodes, seed }, replay }: PlanParts,
  hash: string | undefined,
): Plan {
  if (replay === undefined) {
    const plan = planAgain(scenario, nodes, { seed, hash });
    if (plan !== undefined) return plan;
  } else {
    const plan = replayedPlan(uncheckedPlan(scenario, nodes, seed), replay);
    if (hash === undefined || plan.hash === hash) return plan;
  }
  throw new PosternError('PLAN_DIFFERS', 'the plan of the run cannot be made again', {
    hint: 'another version of postern has made it: judge it with that one',
  });
}
