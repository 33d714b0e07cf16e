import {
  type AnyStateMachine,
  createActor,
  type EventFromLogic,
  type InputFrom,
  type SnapshotFrom,
} from 'xstate';
import { eventName } from '../../machines/event-name.js';
import { stateName } from '../../machines/state-name.js';
import { errorText } from '../errors.js';
import type { Logger } from '../log.js';
import { type ActorClock, watchingClock } from './clock.js';

/** One transition of a state machine, as it is published: the body of `postern.inspect.>`. */
export interface PublishedTransition {
  v: 1;
  machine: string;
  id: string;
  /** Unix time in milliseconds. */
  atMs: number;
  /** Counted from 1 by its actor. */
  sequence: number;
  event: string;
  from: string;
  to: string;
  context: Record<string, unknown>;
}

/** What the host needs to run a machine as an actor. */
export interface ActorOptions<M extends AnyStateMachine> {
  readonly machine: M;
  /** Name of the kind of machine, e.g. `node`. */
  readonly machineName: string;
  /** Which of them, e.g. the node's name. */
  readonly id: string;
  readonly input: InputFrom<M>;
  /** Default: real timers that do not keep the process alive. */
  readonly clock?: ActorClock;
  /** Unix time in milliseconds; default: the system's. */
  readonly now?: () => number;
  /** Takes each transition. A throw is logged. */
  readonly publish: (transition: PublishedTransition) => void;
  /** True when facts changed that are worth a transition though the state is the same. */
  readonly changed?: (previous: SnapshotFrom<M>, next: SnapshotFrom<M>) => boolean;
  /** The facts that may be shown: nothing secret. */
  readonly context: (snapshot: SnapshotFrom<M>) => Record<string, unknown>;
  /** Told when the actor died of a defect in its machine; it takes no more events. It was logged already. */
  readonly failed?: (thrown: unknown) => void;
  readonly log: Logger;
}

/** A running machine. */
export interface RunningActor<M extends AnyStateMachine> {
  /** Tells the machine what happened. After its end, nothing. */
  send(event: EventFromLogic<M>): void;
  snapshot(): SnapshotFrom<M>;
  /** Ends the actor and its timers; no transition is published for it. */
  stop(): void;
  /** Hears each transition after it was published. */
  onTransition(listener: (transition: PublishedTransition, snapshot: SnapshotFrom<M>) => void): () => void;
}

/**
 * Runs a machine as an actor of its own: one root per node or link, since children of one root cost more with each.
 * Heartbeats are no transitions: what is published are changes of state and what `changed` calls one.
 */
export function startActor<M extends AnyStateMachine>(options: ActorOptions<M>): RunningActor<M> {
  const { machine, machineName, id, log } = options;
  const now = options.now ?? Date.now;
  const listeners = new Set<Parameters<RunningActor<M>['onTransition']>[0]>();
  let sequence = 0;
  /** False while the machine enters its first state, which is no transition, and after `stop`. */
  let running = false;

  const guarded = (what: string, work: () => void) => {
    try {
      work();
    } catch (thrown) {
      log.error({ machine: machineName, id, err: errorText(thrown) }, what);
    }
  };

  const settled = (event: string, next: SnapshotFrom<M>) => {
    const from = stateName(previous);
    const to = stateName(next);
    const worthTelling = from !== to || (options.changed?.(previous, next) ?? false);
    previous = next;
    if (!worthTelling) return;
    sequence += 1;
    const transition: PublishedTransition = {
      v: 1,
      machine: machineName,
      id,
      atMs: now(),
      sequence,
      event: eventName(event),
      from,
      to,
      context: options.context(next),
    };
    guarded('a transition was not published', () => options.publish(transition));
    for (const listener of listeners) {
      guarded('a listener of transitions failed', () => listener(transition, next));
    }
  };

  const actor = createActor(machine, {
    input: options.input,
    clock: options.clock ?? watchingClock,
    inspect: (inspected) => {
      if (inspected.type !== '@xstate.snapshot' || !running) return;
      guarded('a transition was not told', () => settled(inspected.event.type, actor.getSnapshot()));
    },
  });
  let previous: SnapshotFrom<M> = actor.getSnapshot();
  actor.subscribe({
    error: (thrown) => {
      log.error({ machine: machineName, id, err: errorText(thrown) }, 'a state machine failed');
      guarded('a listener of failures failed', () => options.failed?.(thrown));
    },
  });
  actor.start();
  previous = actor.getSnapshot();
  running = true;

  return {
    send: (event) => {
      if (running) actor.send(event);
    },
    snapshot: () => actor.getSnapshot(),
    stop: () => {
      running = false;
      listeners.clear();
      actor.stop();
    },
    onTransition: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
