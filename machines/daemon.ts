import { assign, type SnapshotFrom, setup } from 'xstate';
import { backoffMs } from './backoff.js';
import { type DaemonContext, type DaemonEvent, type DaemonInput, daemonErrorOf } from './daemon-events.js';
import type { StateTag } from './state-tags.js';

/** An effect that whoever runs the machine provides. */
const provided = () => {};

const daemonSetup = setup({
  types: {
    context: {} as DaemonContext,
    events: {} as DaemonEvent,
    tags: {} as StateTag,
    input: {} as DaemonInput,
  },
  actions: {
    /** Connects to the target and asks what it is; answers ANSWERED or PROBE_FAILED. */
    probe: provided,
    /** Nobody waits for the answer any more. */
    abandonProbe: provided,
    /** Answers LOST when the daemon does not answer any more. */
    watch: provided,
    unwatch: provided,
    /** Closes what is open to the daemon. */
    hangUp: provided,
    rememberError: assign(({ event, context }) => ({
      lastError: daemonErrorOf(event),
      attempt: context.attempt + 1,
    })),
    forgetTarget: assign(({ event, context }) => ({
      target: event.type === 'TARGETED' ? event.target : context.target,
      identity: undefined,
      pid: undefined,
      lastError: undefined,
      attempt: 0,
    })),
  },
  guards: {
    /** It is told of the place where it is already. */
    isSameTarget: ({ context, event }) => event.type === 'TARGETED' && event.target === context.target,
  },
  delays: {
    /** Before the next probe. */
    backoff: ({ context }) => backoffMs(context.attempt),
    /** The longest that one probe may take. */
    probeLimit: 10_000,
  },
});

const toUnreachable = { target: 'unreachable', actions: 'rememberError' } as const;
/** Somebody wants to know now. */
const whenAsked = {
  target: 'probing',
  meta: {
    operator: {
      title: 'probe now',
      effect: 'The daemon is asked at once what it is. The pause before the next probe is cut short.',
    },
  },
} as const;
const whenTargeted = { target: 'probing', reenter: true, actions: ['hangUp', 'forgetTarget'] } as const;

/** A daemon beside an agent: whether it is there, and what it is. */
export const daemonMachine = daemonSetup.createMachine({
  id: 'daemon',
  description: 'The daemon beside an agent, as the agent sees it.',
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    target: input.target,
    attempt: 0,
    identity: undefined,
    pid: undefined,
    lastError: undefined,
  }),
  initial: 'unseen',
  states: {
    unseen: {
      description: 'Nobody has asked for it yet.',
      on: { START: 'probing', TARGETED: whenTargeted, ASKED: whenAsked, STOP: 'stopped' },
    },
    probing: {
      tags: 'warn',
      description: 'It is asked what it is.',
      entry: 'probe',
      exit: 'abandonProbe',
      on: {
        ANSWERED: {
          target: 'serving',
          actions: assign(({ event: { identity, pid } }) => ({
            ...{ identity, pid },
            ...{ attempt: 0, lastError: undefined },
          })),
        },
        PROBE_FAILED: toUnreachable,
        TARGETED: [{ guard: 'isSameTarget' }, whenTargeted],
        STOP: 'stopped',
      },
      after: { probeLimit: toUnreachable },
    },
    serving: {
      tags: 'good',
      description: 'It answers, and what it is is known.',
      entry: 'watch',
      exit: 'unwatch',
      on: {
        LOST: { target: 'probing', actions: 'rememberError' },
        TARGETED: [{ guard: 'isSameTarget' }, whenTargeted],
        STOP: 'stopped',
      },
    },
    unreachable: {
      tags: 'bad',
      description: 'It did not answer; the next probe comes after a pause that doubles each time.',
      on: {
        ASKED: whenAsked,
        TARGETED: [{ guard: 'isSameTarget', target: 'probing' }, whenTargeted],
        STOP: 'stopped',
      },
      after: { backoff: 'probing' },
    },
    stopped: {
      type: 'final',
      description: 'The agent looks after it no more.',
      entry: 'hangUp',
    },
  },
});

/** A snapshot of the daemon machine. */
export type DaemonSnapshot = SnapshotFrom<typeof daemonMachine>;

export type * from './daemon-events.js';
