import type { Bus } from '../../bus/bus.js';
import type { Logger } from '../../log.js';
import type { Lookout } from '../nodes/lookout.js';
import type { Clients, Method, NodeCalls } from '../nodes/node-calls.js';
import type { Plan } from '../plan/plan.js';
import type { Replay } from '../plan/replay.js';
import type { RunParts } from '../runs/parts.js';
import type { Scenario } from '../scenario/scenario.js';
import { insist, type StepLife } from './step.js';

/** A node may take this long to answer, milliseconds: it may have to wait for its daemon. */
export const answerMs = 30_000;
/** Nodes that are told something at once. */
export const nodesAtOnce = 16;

/** What the steps of a run work with. */
export interface RunContextOf {
  readonly run: string;
  /** How many controllers have had the run before, and this one: nodes obey the latest. */
  readonly term: number;
  /** Unix milliseconds. */
  readonly startedAtMs: number;
  readonly bus: Bus;
  readonly calls: NodeCalls;
  readonly parts: RunParts;
  /** The hash of the plan, once there is one: whoever takes the run over has to make the same. */
  readonly planHash: () => string | undefined;
  readonly now: () => number;
  readonly log: Logger;
}

/** A run whose scenario was read. */
export interface LoadedRun extends RunContextOf {
  readonly scenario: Scenario;
  /** The seed that was asked for; else the scenario's, else one is drawn. */
  readonly seed: string | undefined;
  /** What happened in another run, where that is to be done again. */
  readonly replay: Replay | undefined;
}

/** A run whose nodes are known. */
export interface PlannedRun extends LoadedRun {
  readonly plan: Plan;
  readonly lookout: Lookout;
}

/** Asks a node until it answers; `what` is for people. */
export function askNode<Q, R>(
  run: RunContextOf,
  life: StepLife,
  { node, what }: { readonly node: string | undefined; readonly what: string },
  method: (clients: Clients) => Method<Q, R>,
  request: Q,
): Promise<R> {
  return insist(life, what, () =>
    run.calls.ask(node, method, request, { signal: life.signal, withinMs: answerMs }),
  );
}

/** On whose behalf nodes are asked. */
export function commandOf({ run, term }: RunContextOf): { run: string; term: number } {
  return { run, term };
}
