import type { RunReplay } from '../../bus/run-messages.js';
import { PosternError } from '../../errors.js';
import type { KnownNode } from './chosen-nodes.js';
import { planHash } from './make-plan.js';
import type { Plan } from './plan.js';

/** What really happened in a run that ended, to be done again. */
export type Replay = RunReplay;

/** Of the nodes that are there, those of the run. Throws `NODES_MISSING` where one is not. */
export function replayedNodes<T extends KnownNode>({ run, nodes }: Replay, there: readonly T[]): T[] {
  const wanted = new Set(nodes);
  const found = there.filter(({ name }) => wanted.has(name));
  if (found.length === wanted.size) return found;
  const here = new Set(found.map(({ name }) => name));
  throw nodesGone(
    run,
    nodes.filter((name) => !here.has(name)),
  );
}

/** Says which nodes of a run are not there any more. */
export function nodesGone(run: string, missing: readonly string[]): PosternError {
  const few = missing.slice(0, 10).join(', ');
  const more = missing.length > 10 ? ` and ${missing.length - 10} more` : '';
  const are = missing.length === 1 ? 'the node' : 'the nodes';
  return new PosternError('NODES_MISSING', `${are} ${few}${more} of the run ${run}: not there now`, {
    hint: 'a run is done again on the nodes that it had; `postern nodes` lists those that are connected',
  });
}

/**
 * The plan that does again what happened: that of the same scenario, nodes and seed, with the faults as they were. Throws
 * `REPLAY_DIFFERS` where the scenario is about other nodes now.
 */
export function replayedPlan(plan: Plan, replay: Replay | undefined): Plan {
  if (replay === undefined) return plan;
  const { run, nodes, faults } = replay;
  if (nodes.toSorted().join() !== plan.nodes.join()) {
    const message = `the scenario is about the nodes ${plan.nodes.join(', ')} now, and the run ${run} was about ${nodes.join(', ')}`;
    throw new PosternError('REPLAY_DIFFERS', message, { hint: 'were their labels changed since?' });
  }
  const again: Plan = { ...plan, v: 2, replays: run, faults };
  return { ...again, hash: planHash(again) };
}
