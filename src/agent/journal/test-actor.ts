import { type TestContext, type TestInput, testMachine } from '../../../machines/test.js';
import { type ActorClock, workingClock } from '../../actors/clock.js';
import { safeEffects } from '../../actors/effects.js';
import { HeldClock } from '../../actors/held-clock.js';
import { type PublishedTransition, type RunningActor, startActor } from '../../actors/host.js';
import type { Logger } from '../../log.js';

/** What the machine of a test wants to be recorded when its times have come. */
export type TestEffect = 'begin' | 'endSends' | 'finish';

/** The machine of a test: it stands still in the past until `live`. */
export interface TestActor
  extends Pick<RunningActor<typeof testMachine>, 'send' | 'snapshot' | 'onTransition' | 'stop'> {
  /** What was told so far is the past; its timers run and its transitions are published from now on. */
  live(): void;
}

/** Starts the machine of a test, to be told its journal from the first record on. */
export function startTestActor(options: {
  readonly input: TestInput;
  readonly node: string;
  readonly effects: Readonly<Record<TestEffect, () => unknown>>;
  readonly publish: (transition: PublishedTransition) => void;
  readonly clock?: ActorClock | undefined;
  readonly now: () => number;
  readonly log: Logger;
}): TestActor {
  const { input, effects, now, log } = options;
  const clock = new HeldClock(options.clock ?? workingClock);
  let isLive = false;
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
  const actor = startActor({
    machine,
    machineName: 'test',
    id: `${input.run}.${input.test}.${options.node}`,
    input,
    clock,
    now,
    publish: (transition) => {
      if (isLive) options.publish(transition);
    },
    context: ({ context }) => ({ ...context }),
    log,
  });
  return {
    send: (event) => actor.send(event),
    snapshot: () => actor.snapshot(),
    onTransition: (listener) => actor.onTransition(listener),
    stop: () => actor.stop(),
    live() {
      isLive = true;
      clock.release();
    },
  };
}
