import { assign, type SnapshotFrom, setup } from 'xstate';
import type { RunContext, RunEvent, RunInput } from './run-events.js';
import type { StateTag } from './state-tags.js';

/** An effect that whoever runs the machine provides. */
const provided = () => {};

/** Nodes that cannot be reached are waited for so long when a run is ended before its time, milliseconds. */
const quietMs = 15_000;
/** Judging waits for its store, and works, no longer than this, milliseconds: what is stored can be judged again. */
const judgeMs = 600_000;

/** When each wait is over, in the words of whoever runs the machine: `left` makes of a Unix time how long it is until then. */
export function runDelays(left: (atMs: number) => number) {
  type Facts = { readonly context: RunContext };
  /** While members join, the time of a step counts from the last heal on: who is cut off is waited for. */
  const calmSince = ({ sinceMs, joining, t0, lastsMs }: RunContext): number =>
    joining ? Math.max(sinceMs, (t0.joining ?? 0) + lastsMs.joining) : sinceMs;
  const patience =
    (step: 'gatherMs' | 'groupMs' | 'readyMs' | 'collectMs') =>
    ({ context }: Facts) =>
      left(calmSince(context) + context.patience[step]);
  return {
    untilGathered: patience('gatherMs'),
    untilGrouped: patience('groupMs'),
    untilReady: patience('readyMs'),
    untilCollected: patience('collectMs'),
    untilControlSent: ({ context }: Facts) => left((context.t0.control ?? 0) + context.lastsMs.control),
    untilSent: ({ context }: Facts) => left((context.t0.main ?? 0) + context.lastsMs.main),
    untilSettled: ({ context }: Facts) => left(context.sinceMs + context.settleMs),
    untilQuiet: ({ context }: Facts) => left(context.sinceMs + quietMs),
    // Whoever takes the run over judges it anew.
    untilJudged: () => judgeMs,
  };
}

const runSetup = setup({
  types: {
    context: {} as RunContext,
    events: {} as RunEvent,
    tags: {} as StateTag,
    input: {} as RunInput,
  },
  actions: {
    /** Records that the step of the state has taken too long; comes back as STUCK. */
    giveUp: provided,
    /** Records that the time of sends and faults is over; comes back as SENT. */
    endSends: provided,
    /** Records that the time to arrive is over; comes back as SETTLED. */
    endSettling: provided,
    /** Records that no more records are waited for; comes back as COLLECTED. */
    endCollecting: provided,
    /** Records that no more is done to have quiet; comes back as QUIET. */
    endStopping: provided,
    enter: assign(({ event }) => ({ sinceMs: event.atMs })),
    rememberAbort: assign(({ event }) =>
      event.type === 'ABORTED' ? { aborted: { by: event.by, reason: event.reason } } : {},
    ),
    rememberStuck: assign(({ event }) =>
      event.type === 'STUCK' ? { stuck: { step: event.step, message: event.message } } : {},
    ),
    rememberPlan: assign(({ event }) => {
      if (event.type !== 'GATHERED') return {};
      const { control, lastsMs, settleMs } = event;
      const joining = lastsMs.joining !== undefined;
      return { control, joining, lastsMs: { ...lastsMs, joining: lastsMs.joining ?? 0 }, settleMs };
    }),
    rememberT0: assign(({ context, event }) =>
      event.type === 'T0_CHOSEN' ? { t0: { ...context.t0, [event.phase]: event.t0Ms } } : {},
    ),
  },
  guards: {
    /** Something is disturbed while members join. */
    upsetsJoining: ({ event }) => event.type === 'GATHERED' && event.lastsMs.joining !== undefined,
    wasUpset: ({ context }) => context.joining,
    hasControl: ({ context }) => context.control,
    wasAborted: ({ context }) => context.aborted !== undefined,
    isPass: ({ event }) => event.type === 'JUDGED' && event.verdict === 'pass',
    isFail: ({ event }) => event.type === 'JUDGED' && event.verdict === 'fail',
    /** Each phase has one T0, whoever conducts the run. */
    isFirstT0: ({ context, event }) => event.type === 'T0_CHOSEN' && context.t0[event.phase] === undefined,
  },
  delays: runDelays((atMs) => atMs),
});

const stop = {
  meta: {
    operator: {
      title: 'stop',
      effect:
        'The run ends before its time: nodes stop sending, faults are healed, and what is recorded so far is judged. It ends as aborted.',
      grave: true,
    },
  },
} as const;

/** What ends a run before its time, once nodes have been told of it. */
const endable = runSetup.createStateConfig({
  on: {
    ABORTED: { target: '#run.stopping', actions: ['enter', 'rememberAbort'], ...stop },
    STUCK: { target: '#run.stopping', actions: ['enter', 'rememberStuck'] },
  },
});

/** The tests begin. */
const begin = [
  { guard: 'hasControl', target: 'control', actions: 'enter' },
  { target: 'main', actions: 'enter' },
] as const;

/** One execution of a scenario. It goes on where it was when its controller dies and another takes it over. */
export const runMachine = runSetup.createMachine({
  id: 'run',
  description: 'One execution of a scenario.',
  context: ({ input }) => ({
    run: input.run,
    sinceMs: input.atMs,
    patience: { gatherMs: 60_000, groupMs: 60_000, readyMs: 60_000, collectMs: 60_000 },
    joining: false,
    control: false,
    lastsMs: { joining: 0, control: 0, main: 0 },
    settleMs: 0,
    t0: {},
    aborted: undefined,
    stuck: undefined,
    verdict: undefined,
  }),
  initial: 'loading',
  states: {
    loading: {
      description: 'The scenario is read.',
      on: {
        LOADED: {
          target: 'gathering',
          actions: ['enter', assign(({ event }) => ({ patience: event.patience }))],
        },
        REFUSED: {
          target: 'refused',
          actions: ['enter', assign(({ event }) => ({ stuck: { step: 'loading', message: event.message } }))],
        },
        ABORTED: { target: 'aborted', actions: ['enter', 'rememberAbort'], ...stop },
        STUCK: { target: 'unknown', actions: ['enter', 'rememberStuck'] },
      },
    },
    gathering: {
      description: 'Waits until all nodes are there and their daemons serve.',
      on: {
        GATHERED: [
          { guard: 'upsetsJoining', target: 'arming', actions: ['enter', 'rememberPlan'] },
          { target: 'grouping', actions: ['enter', 'rememberPlan'] },
        ],
        ABORTED: { target: 'aborted', actions: ['enter', 'rememberAbort'], ...stop },
        STUCK: { target: 'unknown', actions: ['enter', 'rememberStuck'] },
      },
      after: { untilGathered: { actions: 'giveUp' } },
    },
    arming: {
      description: 'Nodes are told what to disturb while members join groups, and when.',
      on: {
        ...endable.on,
        T0_CHOSEN: { guard: 'isFirstT0', actions: 'rememberT0' },
        ARMED: { target: 'grouping', actions: 'enter' },
      },
      after: { untilReady: { actions: 'giveUp' } },
    },
    grouping: {
      description: 'The first member of each group makes it; the others join.',
      on: { ...endable.on, GROUPED: { target: 'readying', actions: 'enter' } },
      after: { untilGrouped: { actions: 'giveUp' } },
    },
    readying: {
      description: 'Every member of a group gets to read every other one.',
      on: {
        ...endable.on,
        READY: [{ guard: 'wasUpset', target: 'healing', actions: 'enter' }, ...begin],
      },
      after: { untilReady: { actions: 'giveUp' } },
    },
    healing: {
      description: 'All faults of this time are healed before the tests begin.',
      on: { ...endable.on, HEALED: begin },
      after: { untilReady: { actions: 'giveUp' } },
    },
    control: {
      description: 'The same without faults: what goes wrong here is not the fault of any fault.',
      initial: 'arming',
      on: endable.on,
      states: {
        arming: {
          description: 'Nodes are told what to send and when.',
          on: {
            T0_CHOSEN: { guard: 'isFirstT0', actions: 'rememberT0' },
            ARMED: { target: 'running', actions: 'enter' },
          },
          after: { untilReady: { actions: 'giveUp' } },
        },
        running: {
          description: 'Nodes send by their own clocks.',
          on: { SENT: { target: 'settling', actions: 'enter' } },
          after: { untilControlSent: { actions: 'endSends' } },
        },
        settling: {
          description: 'What was sent arrives everywhere; the nodes say when they have seen all of it.',
          on: { SETTLED: { target: '#run.main', actions: 'enter' } },
          after: { untilCollected: { actions: 'giveUp' } },
        },
      },
    },
    main: {
      description: 'The tests and the faults of the scenario.',
      initial: 'arming',
      on: endable.on,
      states: {
        arming: {
          description: 'Nodes are told what to send, what to disturb and when.',
          on: {
            T0_CHOSEN: { guard: 'isFirstT0', actions: 'rememberT0' },
            ARMED: { target: 'running', actions: 'enter' },
          },
          after: { untilReady: { actions: 'giveUp' } },
        },
        running: {
          description: 'Nodes send and are disturbed by their own clocks, with or without us.',
          on: { SENT: { target: 'settling', actions: 'enter' } },
          after: { untilSent: { actions: 'endSends' } },
        },
        settling: {
          description: 'All faults are healed; what was sent has this time to arrive.',
          on: { SETTLED: { target: '#run.collecting', actions: 'enter' } },
          after: { untilSettled: { actions: 'endSettling' } },
        },
      },
    },
    stopping: {
      tags: 'warn',
      description: 'It ends before its time: nodes stop sending, faults are healed.',
      on: {
        QUIET: { target: 'collecting', actions: 'enter' },
        ABORTED: { actions: 'rememberAbort' },
      },
      after: { untilQuiet: { actions: 'endStopping' } },
    },
    collecting: {
      description: 'The records of all nodes are waited for.',
      on: {
        COLLECTED: { target: 'judging', actions: 'enter' },
        ABORTED: { actions: 'rememberAbort' },
      },
      after: { untilCollected: { actions: 'endCollecting' } },
    },
    judging: {
      description: 'What was delivered, lost, duplicated, reordered or late is worked out.',
      on: {
        JUDGED: [
          {
            guard: 'wasAborted',
            target: 'aborted',
            actions: ['enter', assign(({ event }) => ({ verdict: event.verdict }))],
          },
          { guard: 'isPass', target: 'passed', actions: ['enter', assign({ verdict: 'pass' })] },
          { guard: 'isFail', target: 'failed', actions: ['enter', assign({ verdict: 'fail' })] },
          { target: 'unknown', actions: ['enter', assign({ verdict: 'unknown' })] },
        ],
        STUCK: { target: 'unknown', actions: ['enter', 'rememberStuck'] },
      },
      after: { untilJudged: { actions: 'giveUp' } },
    },
    passed: { type: 'final', tags: 'good', description: 'All rules hold.' },
    failed: { type: 'final', tags: 'bad', description: 'A rule does not hold.' },
    unknown: { type: 'final', tags: 'warn', description: 'Nobody can say whether the rules hold.' },
    refused: { type: 'final', tags: 'bad', description: 'The scenario cannot be run.' },
    aborted: { type: 'final', tags: 'warn', description: 'Somebody ended it before its time.' },
  },
});

/** A snapshot of the run machine. */
export type RunSnapshot = SnapshotFrom<typeof runMachine>;

export type * from './run-events.js';
export { stateName } from './state-name.js';
