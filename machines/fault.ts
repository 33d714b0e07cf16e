import { assign, type SnapshotFrom, setup } from 'xstate';
import { backoffMs } from './backoff.js';
import type { FaultContext, FaultEvent, FaultInput } from './fault-events.js';
import type { StateTag } from './state-tags.js';

/** An effect that whoever runs the machine provides. */
const provided = () => {};

/** A fault that is done at once may be so late, milliseconds. */
const lateMs = 5_000;
/** It is made ready, and the ways that prove it are looked at, so long before its time, milliseconds. */
export const nearMs = 3_000;
/** They are looked at for so long even when there is less time, milliseconds, or for a quarter of what is left of its time. */
const leastSoundingMs = 250;

/** Until when canaries may look before it acts, Unix milliseconds: by what is beyond its time it comes late. */
export function soundingUntil(
  { startAtMs, forMs }: Pick<FaultContext, 'startAtMs' | 'forMs'>,
  nowMs: number,
): number {
  const leftMs = startAtMs + (forMs === 0 ? lateMs : forMs) - nowMs;
  return Math.max(startAtMs, nowMs + Math.min(leastSoundingMs, leftMs / 4));
}
/** So many attempts to undo it may fail in a row. */
const mostFailures = 20;

const faultSetup = setup({
  types: {
    context: {} as FaultContext,
    events: {} as FaultEvent,
    tags: {} as StateTag,
    input: {} as FaultInput,
  },
  actions: {
    /** Makes ready what takes time to be made ready. */
    prepare: provided,
    /** Records that it begins, in time or not; comes back as BEGUN. */
    begin: provided,
    /** Injects it; comes back as INJECTED or REFUSED. */
    inject: provided,
    /** Undoes it; comes back as HEALED or HEAL_FAILED. */
    undo: provided,
    /** Canaries look at the ways before it acts; comes back as SOUNDED. */
    sound: provided,
    /** Canaries look again and again while it acts. */
    watch: provided,
    /** They look no more: nothing waits for them. */
    unwatch: provided,
    /** Canaries look whether all is as before; comes back as PROVEN. */
    check: provided,
    rememberWhy: assign(({ event }) =>
      event.type === 'REFUSED' || event.type === 'HEAL_FAILED'
        ? { why: { code: event.code, message: event.message } }
        : {},
    ),
    rememberInjected: assign(({ event }) =>
      event.type === 'INJECTED' ? { by: event.by, injectedAtMs: event.atMs } : {},
    ),
    rememberMissed: assign({
      why: { code: 'FAULT_MISSED', message: 'no agent was there during the whole time of the fault' },
    }),
    rememberProof: assign(({ event }) =>
      event.type === 'PROVEN' ? { proof: { outcome: event.outcome, reason: event.reason } } : {},
    ),
    rememberUnproven: assign({
      proof: { outcome: 'inconclusive', reason: 'canaries did not come to an end' },
    }),
    countFailure: assign(({ context }) => ({ failures: context.failures + 1 })),
  },
  guards: {
    /** All of its time has passed. */
    isTooLate: ({ context: { startAtMs, forMs }, event }) =>
      'atMs' in event && event.atMs >= startAtMs + (forMs === 0 ? lateMs : forMs),
    wasHealAsked: ({ context }) => context.healAsked,
    hasFailedTooOften: ({ context }) => context.failures + 1 >= mostFailures,
  },
  // Those named until are absolute times: whoever runs the machine takes its present time off them.
  delays: {
    untilNear: ({ context }) => context.startAtMs - nearMs,
    untilStart: ({ context }) => context.startAtMs,
    /** Or somewhat later: the least time for sounding. */
    untilSounded: ({ context }) => context.startAtMs,
    untilOver: ({ context }) => context.startAtMs + context.forMs,
    backoff: ({ context }) => backoffMs(context.failures),
    /** The longest that canaries may look after it was undone. */
    checkLimit: 30_000,
  },
});

const heal = {
  meta: { operator: { title: 'heal', effect: 'The fault is undone now, before its time is over.' } },
} as const;
const whenRefused = { target: 'refused', actions: 'rememberWhy' } as const;
const whenHealed = faultSetup.createStateConfig({
  on: {
    HEALED: {
      target: '#fault.checking',
      actions: assign(({ event }) => ({
        healedAtMs: event.atMs,
        why:
          event.code === undefined ? undefined : { code: event.code, message: event.message ?? event.code },
      })),
    },
  },
});
const takenBack = {
  target: 'cancelled',
  meta: {
    operator: {
      title: 'cancel',
      effect: 'The fault will not come. It cannot be armed again.',
      grave: true,
    },
  },
} as const;
const whenMissed = { guard: 'isTooLate', target: 'missed', actions: 'rememberMissed' } as const;

const whenBegun = faultSetup.createStateConfig({
  on: { BEGUN: [whenMissed, { target: '#fault.injecting' }] },
});

/** One disturbance of one node: it comes by the node's own clock and is always undone. */
export const faultMachine = faultSetup.createMachine({
  id: 'fault',
  description: 'One disturbance of one node.',
  context: ({ input }) => ({
    ...input,
    shape: input.shape ?? '',
    by: undefined,
    injectedAtMs: undefined,
    healedAtMs: undefined,
    healAsked: false,
    failures: 0,
    why: undefined,
    proof: undefined,
  }),
  initial: 'idle',
  states: {
    idle: {
      description: 'It is known, and not yet safe on disk.',
      on: {
        ARMED: [whenMissed, { target: 'waiting' }],
        REFUSED: whenRefused,
      },
    },
    waiting: {
      description: 'Comes by itself at its time, with or without a hub.',
      on: { ...whenBegun.on, HEAL_ASKED: takenBack },
      after: { untilNear: 'sounding' },
    },
    sounding: {
      description: 'Comes soon: it is made ready, and canaries look at the ways before it acts.',
      entry: ['prepare', 'sound'],
      exit: 'unwatch',
      initial: 'looking',
      on: { ...whenBegun.on, HEAL_ASKED: takenBack },
      states: {
        looking: {
          description: 'Canaries look. It does not wait for them beyond its time.',
          on: { SOUNDED: 'sounded' },
          after: { untilSounded: 'sounded' },
        },
        sounded: {
          description: 'What they saw is known. It comes at its time.',
          after: { untilStart: { actions: 'begin' } },
        },
      },
    },
    injecting: {
      tags: 'warn',
      description: 'What undoes it is made safe, then it is done.',
      entry: 'inject',
      on: {
        ...whenHealed.on,
        INJECTED: [
          { guard: 'wasHealAsked', target: 'healing', actions: 'rememberInjected' },
          { target: 'injected', actions: 'rememberInjected' },
        ],
        REFUSED: whenRefused,
        HEAL_ASKED: { actions: assign({ healAsked: true }), ...heal },
        BOOTED: 'healing',
      },
    },
    injected: {
      tags: 'warn',
      description: 'It acts, and canaries look again and again.',
      entry: 'watch',
      exit: 'unwatch',
      on: { ...whenHealed.on, HEAL_ASKED: { target: 'healing', ...heal }, BOOTED: 'healing' },
      after: { untilOver: 'healing' },
    },
    healing: {
      tags: 'warn',
      initial: 'undoing',
      on: {
        ...whenHealed.on,
        BOOTED: '.undoing',
      },
      states: {
        undoing: {
          description: 'It is being undone.',
          entry: 'undo',
          on: {
            HEAL_FAILED: [
              {
                guard: 'hasFailedTooOften',
                target: '#fault.stuck',
                actions: ['rememberWhy', 'countFailure'],
              },
              { target: 'resting', actions: ['rememberWhy', 'countFailure'] },
            ],
          },
        },
        resting: {
          description: 'That failed; it is tried again soon.',
          on: { HEAL_ASKED: { target: 'undoing', ...heal } },
          after: { backoff: 'undoing' },
        },
      },
    },
    stuck: {
      tags: 'bad',
      description: 'Could not be undone in many attempts.',
      on: {
        ...whenHealed.on,
        HEAL_ASKED: { target: 'healing', actions: assign({ failures: 0 }), ...heal },
        BOOTED: { target: 'healing', actions: assign({ failures: 0 }) },
      },
    },
    checking: {
      tags: 'warn',
      description: 'It acts no more, and canaries look whether all is as before.',
      entry: 'check',
      exit: 'unwatch',
      on: {
        PROVEN: { target: 'healed', actions: 'rememberProof' },
        BOOTED: { target: 'checking', reenter: true },
      },
      after: { checkLimit: { target: 'healed', actions: 'rememberUnproven' } },
    },
    healed: {
      type: 'final',
      tags: 'good',
      description: 'It acts no more, and what canaries have shown of it is known.',
    },
    refused: { type: 'final', tags: 'bad', description: 'It could not be done here, and has done nothing.' },
    missed: { type: 'final', tags: 'warn', description: 'No agent was there during its whole time.' },
    cancelled: { type: 'final', description: 'It was taken back before its time.' },
  },
});

/** A snapshot of the fault machine. */
export type FaultSnapshot = SnapshotFrom<typeof faultMachine>;

export type * from './fault-events.js';
export { stateName } from './state-name.js';
