import { assign, type SnapshotFrom, setup } from 'xstate';
import type { ReliabilityContext, ReliabilityEvent } from './reliability-events.js';
import type { StateTag } from './state-tags.js';

/** An effect that whoever runs the machine provides. */
const provided = () => {};

const reliabilitySetup = setup({
  types: {
    context: {} as ReliabilityContext,
    events: {} as ReliabilityEvent,
    tags: {} as StateTag,
  },
  actions: {
    /** Draws the next lot, and makes it safe; comes back as DRAWN or DRAW_FAILED. */
    draw: provided,
    /** Cuts the network off; comes back as OUTAGE_BEGUN or OUTAGE_REFUSED. */
    cut: provided,
    /** Ends what is left of the outage. */
    mend: provided,
    remember: assign(({ event }) => {
      if (event.type !== 'SET') return {};
      const { type: _, ...setting } = event;
      return { ...setting, by: '', why: undefined };
    }),
    forget: assign({ timeoutMs: 0, odds: 0, dueMs: 0, why: undefined }),
    count: assign(({ context, event }) =>
      event.type === 'DRAWN'
        ? {
            drawn: event.number,
            hits: context.hits + (event.hit ? 1 : 0),
            dueMs: nextDueMs(context, event.atMs),
            why: undefined,
          }
        : {},
    ),
    passOver: assign(({ context, event }) =>
      event.type === 'DRAW_FAILED' ? { dueMs: nextDueMs(context, event.atMs) } : {},
    ),
    rememberBy: assign(({ event }) => (event.type === 'OUTAGE_BEGUN' ? { by: event.by } : {})),
    rememberWhy: assign(({ event }) =>
      event.type === 'OUTAGE_REFUSED' || event.type === 'DRAW_FAILED'
        ? { why: { code: event.code, message: event.message } }
        : {},
    ),
  },
  guards: {
    isHit: ({ event }) => event.type === 'DRAWN' && event.hit,
  },
  // An absolute time: whoever runs the machine takes its present time off it.
  delays: {
    untilDraw: ({ context }) => context.dueMs,
  },
});

/** When to draw again after a draw: in step with the draws before, unless this one came too late or the clock was set. */
function nextDueMs({ dueMs, timeoutMs }: ReliabilityContext, atMs: number): number {
  const lateMs = atMs - dueMs;
  return lateMs >= 0 && lateMs < timeoutMs ? dueMs + timeoutMs : atMs + timeoutMs;
}

const whenSet = { target: 'waiting', reenter: true, actions: 'remember' } as const;
const whenOff = {
  target: 'off',
  actions: 'forget',
  meta: {
    operator: {
      title: 'switch off',
      effect: 'No lots are drawn any more, and an outage that goes on ends now.',
      grave: true,
    },
  },
} as const;
const always = { SET: whenSet, SWITCHED_OFF: whenOff, STOP: 'stopped' } as const;

/** Outages of one node by lot: every so often one draw, and one in so many of them cuts the network off for as long. */
export const reliabilityMachine = reliabilitySetup.createMachine({
  id: 'reliability',
  description: 'Outages of a node by lot.',
  context: {
    ...{ timeoutMs: 0, odds: 0, lotsOf: '', drawn: 0, hits: 0, dueMs: 0 },
    by: '',
    why: undefined,
  },
  initial: 'off',
  states: {
    off: {
      description: 'No lots are drawn.',
      on: { SET: whenSet, STOP: 'stopped' },
    },
    waiting: {
      tags: 'good',
      description: 'The network is there; the next lot is drawn at its time.',
      on: always,
      after: { untilDraw: 'drawing' },
    },
    drawing: {
      description: 'A lot is drawn and made safe on disk.',
      entry: 'draw',
      on: {
        ...always,
        DRAWN: [
          { guard: 'isHit', target: 'out', actions: 'count' },
          { target: 'waiting', actions: 'count' },
        ],
        DRAW_FAILED: { target: 'unable', actions: ['passOver', 'rememberWhy'] },
      },
    },
    out: {
      tags: 'warn',
      description: 'The network is cut off until the next draw.',
      entry: 'cut',
      exit: 'mend',
      on: {
        ...always,
        OUTAGE_BEGUN: { actions: 'rememberBy' },
        OUTAGE_REFUSED: { target: 'unable', actions: 'rememberWhy' },
      },
      after: { untilDraw: 'drawing' },
    },
    unable: {
      tags: 'bad',
      description: 'A lot could not be drawn, or the network not be cut off; the next draw is at its time.',
      on: always,
      after: { untilDraw: 'drawing' },
    },
    stopped: {
      type: 'final',
      description: 'The agent has stopped; the next one goes on.',
    },
  },
});

/** A snapshot of the reliability machine. */
export type ReliabilitySnapshot = SnapshotFrom<typeof reliabilityMachine>;

export type * from './reliability-events.js';
