import { type RunContext, runDelays, runMachine } from '../../../machines/run.js';
import { type ActorClock, workingClock } from '../../actors/clock.js';
import { safeEffects } from '../../actors/effects.js';
import { HeldClock } from '../../actors/held-clock.js';
import { type RebuiltActor, startRebuiltActor } from '../../actors/rebuilt.js';
import type { Transition } from '../../bus/messages.js';
import type { Logger } from '../../log.js';

/** What the machine of a run wants to be written down when its times have come. */
export type RunEffect = 'giveUp' | 'endSends' | 'endSettling' | 'endCollecting' | 'endStopping';

/** The machine of a run: it stands still in the past until `live`. */
export type RunActor = RebuiltActor<typeof runMachine>;

/** Starts the machine of a run, to be told its events from the first one on. */
export function startRunActor(options: {
  readonly run: string;
  readonly startedAtMs: number;
  readonly effects: Readonly<Record<RunEffect, () => void>>;
  readonly publish: (transition: Transition) => void;
  readonly now: () => number;
  readonly clock?: ActorClock | undefined;
  readonly log: Logger;
}): RunActor {
  const { run, effects, now, log } = options;
  const clock = new HeldClock(options.clock ?? workingClock);
  return startRebuiltActor({
    machine: runMachine.provide({
      actions: safeEffects<RunEffect, { readonly context: RunContext }>(log, effects),
      delays: runDelays((atMs) => Math.max(0, atMs - now())),
    }),
    machineName: 'run',
    id: run,
    input: { run, atMs: options.startedAtMs },
    clock,
    now,
    publish: options.publish,
    changed: ({ context: before }, { context: after }) =>
      before.t0 !== after.t0 || before.aborted !== after.aborted,
    context: ({ context }) => ({ ...context }),
    log,
  });
}
