import { type TestContext, type TestInput, testMachine } from '../../../machines/test.js';
import { type ActorClock, workingClock } from '../../actors/clock.js';
import { safeEffects } from '../../actors/effects.js';
import { HeldClock } from '../../actors/held-clock.js';
import { type RebuiltActor, startRebuiltActor } from '../../actors/rebuilt.js';
import type { Transition } from '../../bus/messages.js';
import type { Logger } from '../../log.js';

/** What the machine of a test wants to be recorded when its times have come. */
export type TestEffect = 'begin' | 'endSends' | 'finish';

/** The machine of a test: it stands still in the past until `live`. */
export type TestActor = RebuiltActor<typeof testMachine>;

/** Starts the machine of a test, to be told its journal from the first record on. */
export function startTestActor(options: {
  readonly input: TestInput;
  readonly node: string;
  readonly effects: Readonly<Record<TestEffect, () => unknown>>;
  readonly publish: (transition: Transition) => void;
  readonly clock?: ActorClock | undefined;
  readonly now: () => number;
  readonly log: Logger;
}): TestActor {
  const { input, effects, now, log } = options;
  const clock = new HeldClock(options.clock ?? workingClock);
  const left = (atMs: number) => Math.max(0, atMs - now());
  const machine = testMachine.provide({
    actions: safeEffects<TestEffect, { readonly context: TestContext }>(log, {
      begin: () => void effects.begin(),
      endSends: () => void effects.endSends(),
      finish: () => void effects.finish(),
    }),
    delays: {
      untilStart: ({ context }) => left(context.startAtMs ?? 0),
      untilSendsEnd: ({ context }) => left((context.startAtMs ?? 0) + context.sendMs),
      untilSettled: ({ context }) => left((context.sendsEndedAtMs ?? 0) + context.settleMs),
    },
  });
  return startRebuiltActor({
    machine,
    machineName: 'test',
    id: `${input.run}.${input.test}.${options.node}`,
    input,
    clock,
    now,
    publish: options.publish,
    changed: ({ context: before }, { context: after }) =>
      before.hub !== after.hub || before.daemon !== after.daemon,
    context: ({ context }) => ({ ...context }),
    log,
  });
}
