import type { AnyStateMachine } from 'xstate';
import type { HeldClock } from './held-clock.js';
import { type ActorOptions, isActive, type RunningActor, startHeldActor } from './host.js';

/** An actor that is told first what has happened to it already: it stands still in the past until `live`. */
export interface RebuiltActor<M extends AnyStateMachine> extends RunningActor<M> {
  /** What was told so far is the past; its timers run and its transitions are published from now on. */
  live(): void;
}

/** Starts the actor of a durable machine, to be told its events from the first one on. */
export function startRebuiltActor<M extends AnyStateMachine>(
  options: ActorOptions<M> & { readonly clock: HeldClock },
): RebuiltActor<M> {
  const { begin, ...actor } = startHeldActor(options);
  return {
    ...actor,
    live: () => {
      // that it has ended was told by the process in which it did
      if (isActive(actor.snapshot())) begin();
      options.clock.release();
    },
  };
}
