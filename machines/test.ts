import { assign, type SnapshotFrom, setup } from 'xstate';
import type { StateTag } from './state-tags.js';
import type { TestContext, TestEvent, TestInput } from './test-events.js';

/** An effect that whoever runs the machine provides. */
const provided = () => {};

const testSetup = setup({
  types: {
    context: {} as TestContext,
    events: {} as TestEvent,
    tags: {} as StateTag,
    input: {} as TestInput,
  },
  actions: {
    /** Records that sending has begun; comes back as STARTED. */
    begin: provided,
    /** Records that nothing more is sent; comes back as SENDS_ENDED. */
    endSends: provided,
    /** Records the end, with the outcomes that are still open as unknown; comes back as FINISHED. */
    finish: provided,
    rememberStop: assign(({ context, event }) =>
      event.type === 'STOP_ASKED'
        ? {
            stop: { by: event.by, reason: event.reason },
            sendsEndedAtMs: event.atMs,
            settleMs: Math.min(context.settleMs, event.settleMs ?? context.settleMs),
          }
        : {},
    ),
    countOutcome: assign(({ context, event }) =>
      event.type === 'SETTLED'
        ? {
            open: context.open - 1,
            results: { ...context.results, [event.result]: context.results[event.result] + 1 },
          }
        : {},
    ),
  },
  guards: {
    /** Messages are numbered upwards, and none is sent twice, whatever happened between. */
    isNext: ({ context, event }) => event.type === 'INTENDED' && event.seq > context.lastSeq,
    isOpen: ({ context }) => context.open > 0,
    wasStopped: ({ context }) => context.stop !== undefined,
    /** One that drains already ends earlier by it. */
    isSooner: ({ context, event }) =>
      event.type === 'STOP_ASKED' &&
      event.settleMs !== undefined &&
      event.atMs + event.settleMs < (context.sendsEndedAtMs ?? 0) + context.settleMs,
  },
  // All three are absolute times: whoever runs the machine takes its present time off them.
  delays: {
    untilStart: ({ context }) => context.startAtMs ?? 0,
    untilSendsEnd: ({ context }) => (context.startAtMs ?? 0) + context.sendMs,
    untilSettled: ({ context }) => (context.sendsEndedAtMs ?? 0) + context.settleMs,
  },
});

/** What every state but the last ones takes. */
const told = testSetup.createStateConfig({
  on: {
    RECEIVED: { actions: assign(({ context }) => ({ received: context.received + 1 })) },
    SLIPPED: { actions: assign(({ context }) => ({ slips: context.slips + 1 })) },
    BOOTED: {
      actions: assign(({ context }) => ({ boots: context.boots + 1, hub: 'unseen', daemon: 'unseen' })),
    },
    HUB_CHANGED: { actions: assign(({ event }) => ({ hub: event.up ? 'up' : 'down' })) },
    DAEMON_CHANGED: { actions: assign(({ event }) => ({ daemon: event.up ? 'up' : 'down' })) },
    FAILED: {
      target: 'failed',
      actions: assign(({ event }) => ({ error: { code: event.code, message: event.message } })),
    },
  },
});

const whenStopAsked = {
  target: 'draining',
  actions: 'rememberStop',
  meta: {
    operator: {
      title: 'stop',
      effect:
        'The test sends nothing more, waits for what is on its way until its settle time is over, and ends as stopped. It cannot be started again.',
      grave: true,
    },
  },
} as const;
const whenSettled = { guard: 'isOpen', actions: 'countOutcome' } as const;

/** One workload of one group on one node, from its making to its last record. It goes on without hub and network. */
export const testMachine = testSetup.createMachine({
  id: 'test',
  description: 'One workload of one group on one node.',
  context: ({ input: { run, test, settleMs, sendMs } }) => ({
    run,
    test,
    settleMs,
    sendMs,
    startAtMs: undefined,
    sendsEndedAtMs: undefined,
    lastSeq: 0,
    open: 0,
    results: { ok: 0, fail: 0, info: 0, unknown: 0 },
    received: 0,
    slips: 0,
    boots: 0,
    hub: 'unseen',
    daemon: 'unseen',
    stop: undefined,
    error: undefined,
  }),
  initial: 'created',
  states: {
    created: {
      description: 'It is known what to do, but not when.',
      on: {
        ...told.on,
        ARMED: { target: 'armed', actions: assign(({ event }) => ({ startAtMs: event.startAtMs })) },
        STOP_ASKED: whenStopAsked,
      },
    },
    armed: {
      description: 'Starts by itself at its time, with or without a hub.',
      on: {
        ...told.on,
        STARTED: 'running',
        STOP_ASKED: whenStopAsked,
      },
      after: { untilStart: { actions: 'begin' } },
    },
    running: {
      tags: 'good',
      description: 'Sends and receives.',
      on: {
        ...told.on,
        INTENDED: {
          guard: 'isNext',
          actions: assign(({ context, event }) => ({ lastSeq: event.seq, open: context.open + 1 })),
        },
        SETTLED: whenSettled,
        SENDS_ENDED: {
          target: 'draining',
          actions: assign(({ event }) => ({ sendsEndedAtMs: event.atMs })),
        },
        STOP_ASKED: whenStopAsked,
      },
      after: { untilSendsEnd: { actions: 'endSends' } },
    },
    draining: {
      tags: 'good',
      description: 'Sends nothing more; waits for outcomes and for what comes from others.',
      on: {
        ...told.on,
        SETTLED: whenSettled,
        STOP_ASKED: { guard: 'isSooner', target: 'draining', reenter: true, actions: 'rememberStop' },
        FINISHED: [{ guard: 'isOpen' }, { guard: 'wasStopped', target: 'stopped' }, { target: 'finished' }],
      },
      after: { untilSettled: { actions: 'finish' } },
    },
    finished: { type: 'final', tags: 'good', description: 'Everything is recorded.' },
    stopped: {
      type: 'final',
      tags: 'warn',
      description: 'Ended before its time; what was done is recorded.',
    },
    failed: { type: 'final', tags: 'bad', description: 'It could not go on.' },
  },
});

/** A snapshot of the test machine. */
export type TestSnapshot = SnapshotFrom<typeof testMachine>;

export { stateName } from './state-name.js';
export type * from './test-events.js';
