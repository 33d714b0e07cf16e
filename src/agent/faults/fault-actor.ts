import {
  type FaultContext,
  type FaultInput,
  faultMachine,
  nearMs,
  soundingUntil,
} from '../../../machines/fault.js';
import { type ActorClock, workingClock } from '../../actors/clock.js';
import { safeEffects } from '../../actors/effects.js';
import { HeldClock } from '../../actors/held-clock.js';
import { type RebuiltActor, startRebuiltActor } from '../../actors/rebuilt.js';
import type { Transition } from '../../bus/messages.js';
import type { Logger } from '../../log.js';

/** What the machine of a fault wants to be done. */
export type FaultEffect = 'prepare' | 'begin' | 'inject' | 'undo' | 'sound' | 'watch' | 'unwatch' | 'check';

/** The machine of a fault: it stands still in the past until `live`. */
export type FaultActor = RebuiltActor<typeof faultMachine>;

/** Starts the machine of a fault, to be told first what has happened to it already. */
export function startFaultActor(options: {
  readonly input: FaultInput;
  readonly node: string;
  readonly effects: Readonly<Record<FaultEffect, () => void>>;
  readonly publish: (transition: Transition) => void;
  readonly clock?: ActorClock | undefined;
  readonly now: () => number;
  readonly log: Logger;
}): FaultActor {
  const { input, effects, now, log } = options;
  const clock = new HeldClock(options.clock ?? workingClock);
  const left = (atMs: number) => Math.max(0, atMs - now());
  const ifLive = (effect: () => void) => () => {
    if (clock.isReleased) effect();
  };
  const machine = faultMachine.provide({
    actions: safeEffects<FaultEffect, { readonly context: FaultContext }>(log, {
      prepare: ifLive(effects.prepare),
      begin: ifLive(effects.begin),
      inject: ifLive(effects.inject),
      undo: ifLive(effects.undo),
      sound: ifLive(effects.sound),
      watch: ifLive(effects.watch),
      unwatch: ifLive(effects.unwatch),
      check: ifLive(effects.check),
    }),
    delays: {
      untilNear: ({ context }) => left(context.startAtMs - nearMs),
      untilStart: ({ context }) => left(context.startAtMs),
      untilSounded: ({ context }) => left(soundingUntil(context, now())),
      untilOver: ({ context }) => left(context.startAtMs + context.forMs),
    },
  });
  return startRebuiltActor({
    machine,
    machineName: 'fault',
    id: `${input.run}.${input.fault}.${options.node}`,
    input,
    clock,
    now,
    publish: options.publish,
    changed: ({ context: before }, { context: after }) => before.healAsked !== after.healAsked,
    context: ({ context }) => ({ ...context }),
    log,
  });
}
