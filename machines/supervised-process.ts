import { assign, type SnapshotFrom, setup } from 'xstate';
import { type ProcessContext, type ProcessEvent, processErrorOf } from './process-events.js';
import type { StateTag } from './state-tags.js';

/** An effect that whoever runs the machine provides. */
const provided = () => {};

const processSetup = setup({
  types: {
    context: {} as ProcessContext,
    events: {} as ProcessEvent,
    tags: {} as StateTag,
  },
  actions: {
    /** Starts a keeper and has it start the process; answers LAUNCHED or LAUNCH_FAILED, later EXITED and GONE. */
    launch: provided,
    /** SIGTERM to all of it. Answers GONE when nothing is left. */
    terminate: provided,
    /** SIGKILL to all of it, again and again. Answers GONE when nothing is left. */
    kill: provided,
    rememberPid: assign(({ event }) => (event.type === 'LAUNCHED' ? { pid: event.pid } : {})),
    rememberExit: assign(({ event }) => (event.type === 'EXITED' ? { lastExit: event.how } : {})),
    rememberError: assign(({ event }) => ({ error: processErrorOf(event) })),
    forgetError: assign({ error: undefined }),
    forgetPid: assign({ pid: undefined }),
  },
  guards: {
    wanted: ({ context }) => context.error === undefined,
  },
  delays: {
    /** The longest that the operating system may take to start it. */
    launchLimit: 15_000,
    /** A process that has stayed up for so long has started. */
    settle: 1_000,
    /** Time between SIGTERM and SIGKILL. */
    grace: 10_000,
    /** What is there so long after SIGKILL hangs in the kernel. */
    killLimit: 10_000,
  },
});

const whenGone = [
  { guard: 'wanted', target: '#process.stopped', actions: 'forgetPid' },
  { target: '#process.failed', actions: 'forgetPid' },
] as const;
const whenEnded = { target: '#process.stopping', actions: ['rememberExit', 'rememberError'] } as const;
const whenBroken = { target: '#process.stopping.killing', actions: 'rememberError' } as const;
const whenNotLaunched = { target: '#process.failed', actions: ['rememberError', 'forgetPid'] } as const;
const whenStopped = {
  target: '#process.stopping',
  actions: 'forgetError',
  meta: {
    operator: {
      title: 'stop',
      effect:
        'The process, with all that it has started, gets SIGTERM, and SIGKILL when its grace is over. It stays down until somebody starts it.',
      grave: true,
    },
  },
} as const;
const whenStarted = {
  target: 'starting',
  actions: 'forgetError',
  meta: { operator: { title: 'start', effect: 'The process is started.' } },
} as const;

/** A process beside an agent, from one start to its end and to the next. */
export const processMachine = processSetup.createMachine({
  id: 'process',
  description: 'A process that an agent starts, watches and ends with all that it has started.',
  options: { maxIterations: 100 },
  context: { pid: undefined, lastExit: undefined, error: undefined },
  initial: 'stopped',
  states: {
    stopped: {
      description: 'Nothing of it runs, and that is what was asked for.',
      on: { START: whenStarted },
    },
    failed: {
      tags: 'bad',
      description: 'Nothing of it runs: it could not be started, or ended without being told to.',
      on: { START: whenStarted },
    },
    starting: {
      tags: 'warn',
      description: 'Being started.',
      entry: 'launch',
      initial: 'launching',
      on: { STOP: whenStopped, KEEPER_LOST: whenBroken },
      states: {
        launching: {
          description: 'Not there yet.',
          on: { LAUNCHED: { target: 'settling', actions: 'rememberPid' }, LAUNCH_FAILED: whenNotLaunched },
          after: { launchLimit: whenBroken },
        },
        settling: {
          description: 'Must stay up for a moment.',
          on: { EXITED: whenEnded },
          after: { settle: '#process.running' },
        },
      },
    },
    running: {
      tags: 'good',
      description: 'Has stayed up.',
      on: { STOP: whenStopped, EXITED: whenEnded, KEEPER_LOST: whenBroken },
    },
    stopping: {
      tags: 'warn',
      description: 'It and what it has started are being ended.',
      initial: 'graceful',
      on: {
        GONE: whenGone,
        LAUNCHED: { actions: 'rememberPid' },
        LAUNCH_FAILED: whenNotLaunched,
        EXITED: { actions: 'rememberExit' },
      },
      states: {
        graceful: {
          description: 'Got SIGTERM, and has time to end.',
          entry: 'terminate',
          on: { KEEPER_LOST: 'killing' },
          after: { grace: 'killing' },
        },
        killing: {
          description: 'Gets SIGKILL.',
          entry: 'kill',
          on: { KEEPER_LOST: { target: 'killing', reenter: true } },
          after: { killLimit: '#process.stuck' },
        },
      },
    },
    stuck: {
      tags: 'bad',
      description: 'Something of it outlives SIGKILL: it hangs in the kernel, or belongs to somebody else.',
      on: {
        GONE: whenGone,
        EXITED: { actions: 'rememberExit' },
        STOP: { ...whenStopped, target: '#process.stopping.killing', actions: [] },
        KEEPER_LOST: '#process.stopping.killing',
      },
    },
  },
});

/** A snapshot of the process machine. */
export type ProcessSnapshot = SnapshotFrom<typeof processMachine>;

export type * from './process-events.js';
