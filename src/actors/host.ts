import {
  type AnyEventObject,
  type AnyStateMachine,
  type AnyTransitionDefinition,
  createActor,
  type EventFromLogic,
  type InputFrom,
  type SnapshotFrom,
} from 'xstate';
import { stateName } from '../../machines/state-name.js';
import type { Transition } from '../bus/messages.js';
import { errorText } from '../errors.js';
import type { Logger } from '../log.js';
import { countReached, countsOf } from './actor-metrics.js';
import { type ActorClock, watchingClock } from './clock.js';
import { Teller } from './teller.js';

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
  /**
   * Takes each message of what happens to the actor: that it began, its transitions, events that its states did not take
   * (now and then) and that it was stopped. A throw is logged.
   */
  readonly publish: (transition: Transition) => void;
  /** True when facts changed that are worth a transition though the state is the same. */
  readonly changed?: (previous: SnapshotFrom<M>, next: SnapshotFrom<M>) => boolean;
  /** The facts that are told. What is secret by its name or its looks is left out of them. */
  readonly context: (snapshot: SnapshotFrom<M>) => Record<string, unknown>;
  /** Told when the actor died of a defect in its machine; it takes no more events. It was logged already. */
  readonly failed?: (thrown: unknown) => void;
  readonly log: Logger;
}

/** A running machine. */
export interface RunningActor<M extends AnyStateMachine> {
  /** Tells the machine what happened, and whose doing it was, as `machine/id`. After its end, nothing. */
  send(event: EventFromLogic<M>, by?: string): void;
  snapshot(): SnapshotFrom<M>;
  /** When its life began, Unix time in milliseconds. */
  readonly bornMs: number;
  /** Ends the actor and its timers. */
  stop(): void;
  /** Hears each transition after it was published. */
  onTransition(listener: (transition: Transition, snapshot: SnapshotFrom<M>) => void): () => void;
}

/** An actor of whose life nothing is told before `begin`. */
export interface HeldActor<M extends AnyStateMachine> extends RunningActor<M> {
  begin(): void;
}

/**
 * Runs a machine as an actor of its own: one root per node or link, since children of one root cost more with each.
 * Heartbeats are no transitions: what is told are changes of state, states entered anew and what `changed` calls one.
 */
export function startActor<M extends AnyStateMachine>(options: ActorOptions<M>): RunningActor<M> {
  const actor = startHeldActor(options);
  actor.begin();
  return actor;
}

/** The same, but nothing is published before `begin`: what happens until then is the past. Listeners hear of it. */
export function startHeldActor<M extends AnyStateMachine>(options: ActorOptions<M>): HeldActor<M> {
  const { machine, machineName, id, log } = options;
  const listeners = new Set<Parameters<RunningActor<M>['onTransition']>[0]>();
  const counts = countsOf(machineName);
  /** Whose doing events are that have not been dealt with yet. */
  const doers = new WeakMap<object, string>();
  /** What was taken since the actor was at rest. */
  let taken: AnyTransitionDefinition[] = [];
  /** False while the machine enters its first state, which is no transition, and after `stop`. */
  let running = false;
  /** It is counted among those that run. */
  let counted = false;

  const gone = () => {
    if (counted) counts.running -= 1;
    counted = false;
  };

  const attempt = (what: string, work: () => void) => {
    try {
      work();
    } catch (thrown) {
      log.error({ machine: machineName, id, err: errorText(thrown) }, what);
    }
  };

  const settled = (event: AnyEventObject, next: SnapshotFrom<M>) => {
    const from = stateName(previous);
    const to = stateName(next);
    const edges = taken;
    const worthTelling =
      from !== to || edges.some(leadsSomewhere) || (options.changed?.(previous, next) ?? false);
    previous = next;
    if (edges.length > 0) taken = [];
    if (!worthTelling) return;
    if (from !== to) countReached(counts, to);
    const transition = teller.tell({ event, from, to, edges, by: doers.get(event) });
    for (const listener of listeners) {
      attempt('a listener of transitions failed', () => listener(transition, next));
    }
  };

  const actor = createActor(machine, {
    input: options.input,
    clock: options.clock ?? watchingClock,
    inspect: (inspected) => {
      if (inspected.actorRef.sessionId !== inspected.rootId) return;
      if (inspected.type === '@xstate.microstep') {
        const { _transitions: transitions } = inspected;
        if (transitions.length > 0) taken.push(...transitions);
        else if (running) {
          counts.ignored += 1;
          teller.ignored(inspected.event.type);
        }
      } else if (inspected.type === '@xstate.snapshot' && running) {
        attempt('a transition was not told', () => settled(inspected.event, actor.getSnapshot()));
      }
    },
  });
  let previous: SnapshotFrom<M> = actor.getSnapshot();
  const teller = new Teller({
    machine,
    machineName,
    id,
    now: options.now ?? Date.now,
    publish: options.publish,
    context: () => options.context(previous),
    state: () => stateName(previous),
    attempt,
  });
  actor.subscribe({
    complete: gone,
    error: (thrown) => {
      gone();
      log.error({ machine: machineName, id, err: errorText(thrown) }, 'a state machine failed');
      attempt('an end was not told', () => teller.end('FAILED', { message: errorText(thrown) }));
      attempt('a listener of failures failed', () => options.failed?.(thrown));
    },
  });
  actor.start();
  previous = actor.getSnapshot();
  const first = previous;
  const entered = taken;
  taken = [];
  running = true;
  counted = isActive(first);
  if (counted) counts.running += 1;

  return {
    begin: () => {
      attempt('a beginning was not told', () => teller.begin(previous === first ? entered : []));
    },
    send: (event, by) => {
      if (!running) return;
      if (by !== undefined) doers.set(event, by);
      actor.send(event);
    },
    snapshot: () => actor.getSnapshot(),
    bornMs: teller.bornMs,
    stop: () => {
      if (running && isActive(previous)) attempt('an end was not told', () => teller.end('STOPPED'));
      teller.stop();
      gone();
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

/** Whether an actor has not ended. */
export function isActive({ status }: { readonly status: string }): boolean {
  return status === 'active';
}

function leadsSomewhere({ target }: AnyTransitionDefinition): boolean {
  return target !== undefined;
}
