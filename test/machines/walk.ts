import {
  type AnyStateMachine,
  type EventFromLogic,
  type EventObject,
  getNextTransitions,
  type SnapshotFrom,
  transition,
} from 'xstate';
import { definitionOf, leafStates } from '../../machines/definition.js';
import { stateName } from '../../machines/state-name.js';

/** Whether some state of the machine takes the event. */
function takes<M extends AnyStateMachine>(machine: M, event: EventObject): event is EventFromLogic<M> {
  return machine.events.includes(event.type);
}

/** One step of a walk: what was, what happened, what is. */
export interface Step<M extends AnyStateMachine> {
  readonly before: SnapshotFrom<M>;
  readonly event: EventObject;
  readonly after: SnapshotFrom<M>;
}

/**
 * Walks every path of a machine breadth first: each sample event and each timer in each state, until no new one is
 * met, and returns the names of the states it met. Snapshots with one `key` are walked on from once.
 */
export function walk<M extends AnyStateMachine>(
  machine: M,
  first: SnapshotFrom<M>,
  samples: Readonly<Record<string, readonly EventObject[]>>,
  key: (snapshot: SnapshotFrom<M>) => string,
  check: (step: Step<M>) => void,
): Set<string> {
  const events = Object.values(samples).flat();
  const queue = [first];
  const seen = new Set([key(first)]);
  const states = new Set([stateName(first)]);
  for (let before = queue.shift(); before !== undefined; before = queue.shift()) {
    const timers = getNextTransitions(before)
      .map(({ eventType }) => eventType)
      .filter((type) => type.startsWith('xstate.after.'))
      .map((type) => ({ type }));
    for (const event of [...events, ...timers]) {
      if (!takes(machine, event)) continue;
      const [after] = transition(machine, before, event);
      check({ before, event, after });
      states.add(stateName(after));
      if (seen.has(key(after))) continue;
      seen.add(key(after));
      queue.push(after);
      if (seen.size > 200_000) throw new Error(`the walk through ${machine.id} has no end`);
    }
  }
  return states;
}

/** Every state in which a machine can be, by its dotted name. */
export function everyState(machine: AnyStateMachine): string[] {
  return leafStates(definitionOf(machine).root).map(({ path }) => path);
}
