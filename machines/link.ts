import { assign, type SnapshotFrom, setup } from 'xstate';
import { backoffMs } from './backoff.js';
import {
  errorOf,
  finalDialCodes,
  type LinkContext,
  type LinkEnd,
  type LinkEvent,
  type LinkInput,
} from './link-events.js';
import type { StateTag } from './state-tags.js';

/** An effect that whoever runs the machine provides. */
const provided = () => {};

const linkSetup = setup({
  types: {
    context: {} as LinkContext,
    events: {} as LinkEvent,
    tags: {} as StateTag,
    input: {} as LinkInput,
    output: {} as { end: LinkEnd },
  },
  actions: {
    /** Gets or renews credentials and connects to the bus on the present way; answers DIALED or DIAL_FAILED. */
    dial: provided,
    /** Nobody waits for the dial any more. */
    abandonDial: provided,
    /** Asks for a place, or for the one it had; answers HELLO_ACCEPTED, HELLO_REFUSED or HELLO_FAILED. */
    sayHello: provided,
    /** Nobody waits for the answer any more. */
    abandonHello: provided,
    /** Hears calls under the instance id that the hello gave. */
    serveCalls: provided,
    /** Answers HUB_SILENT when no hub pings for three intervals. */
    watchHub: provided,
    unwatchHub: provided,
    /** Tells the hubs that no new calls are taken. */
    sayDraining: provided,
    /** Answers DRAINED when the open calls have ended. */
    finishCalls: provided,
    /** Tells the hubs that the instance is gone. */
    sayStopped: provided,
    /** Ends the connection to the bus for good. */
    hangUp: provided,
    rememberError: assign(({ event }) => ({ lastError: errorOf(event) })),
    countFailure: assign(({ context }) => ({ attempt: context.attempt + 1, way: 0 })),
    takeNextWay: assign(({ context }) => ({ way: context.way + 1 })),
    rememberEnd: assign((_, { end }: { end: LinkEnd }) => ({ end })),
  },
  guards: {
    hasNextWay: ({ context }) => context.way + 1 < context.ways.length,
    hasPlace: ({ context }) => context.instance !== undefined,
  },
  delays: {
    /** Before the next attempt. */
    backoff: ({ context }) => backoffMs(context.attempt),
    /** The longest that one dial may take. */
    dialLimit: 30_000,
    /** The longest that a hello may take. */
    helloLimit: 10_000,
    /** After so long a partition the front door is asked again: the bus may have moved. */
    partitionLimit: 60_000,
    /** The longest that open calls may take to finish. */
    drainLimit: 60_000,
  },
});

const ended = (end: LinkEnd) => ({ type: 'rememberEnd', params: { end } }) as const;

const whenStopped = { target: 'closed', actions: ['sayStopped', ended('stopped')] } as const;
const whenSuperseded = { target: 'superseded', actions: ['rememberError', ended('superseded')] } as const;
const whenRevoked = { target: 'closed', actions: ['rememberError', ended('revoked')] } as const;
const toWaiting = { target: 'waiting', actions: ['rememberError', 'countFailure'] } as const;
/** A failed dial tries the next way at once, and waits after the last. */
const afterFailedDial = [
  { guard: 'hasNextWay', target: 'dialing', reenter: true, actions: ['rememberError', 'takeNextWay'] },
  toWaiting,
] as const;
const notices = { NOTICED_SUPERSEDED: whenSuperseded, NOTICED_REVOKED: whenRevoked } as const;

const whenRetryAsked = {
  target: 'dialing',
  meta: {
    operator: {
      title: 'retry now',
      effect: 'The agent dials at once. The pause before its next attempt is cut short.',
    },
  },
} as const;

/** An agent's way to the bus, from the first dial to its end. */
export const linkMachine = linkSetup.createMachine({
  id: 'link',
  description: "An agent's way to the bus and its place as an instance of its node.",
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    ways: input.ways,
    way: 0,
    attempt: 0,
    instance: undefined,
    epoch: undefined,
    hub: undefined,
    pingIntervalMs: undefined,
    lastError: undefined,
    end: undefined,
  }),
  output: ({ context }) => ({ end: context.end ?? 'stopped' }),
  initial: 'offline',
  states: {
    offline: {
      description: 'The agent has not started.',
      on: { START: 'dialing', DRAIN: whenStopped, STOP: whenStopped },
    },
    dialing: {
      tags: 'warn',
      description: 'Gets credentials at the front door where they are needed, and connects to the bus.',
      entry: 'dial',
      exit: 'abandonDial',
      on: {
        DIALED: 'authenticating',
        DIAL_FAILED: [
          {
            guard: ({ event }) => finalDialCodes.has(event.code),
            target: 'closed',
            actions: ['rememberError', ended('refused')],
          },
          ...afterFailedDial,
        ],
        ...notices,
        DRAIN: whenStopped,
        STOP: whenStopped,
      },
      after: { dialLimit: [...afterFailedDial] },
    },
    authenticating: {
      tags: 'warn',
      description: 'Connected; asks a hub for a place, or for the place that it had.',
      entry: 'sayHello',
      exit: 'abandonHello',
      on: {
        HELLO_ACCEPTED: {
          target: 'online',
          actions: assign(({ event }) => ({
            instance: event.instance,
            epoch: event.epoch,
            hub: event.hub,
            pingIntervalMs: event.pingIntervalMs,
            attempt: 0,
            lastError: undefined,
          })),
        },
        HELLO_REFUSED: [
          { guard: ({ event }) => event.code === 'superseded', ...whenSuperseded },
          { guard: ({ event }) => event.code === 'revoked', ...whenRevoked },
          {
            guard: ({ event }) => event.code === 'version',
            target: 'closed',
            actions: ['rememberError', ended('version')],
          },
          toWaiting,
        ],
        HELLO_FAILED: toWaiting,
        DISCONNECTED: { target: 'partitioned', actions: 'rememberError' },
        BUS_CLOSED: toWaiting,
        ...notices,
        DRAIN: [{ guard: 'hasPlace', target: 'draining' }, whenStopped],
        STOP: whenStopped,
      },
      after: { helloLimit: toWaiting },
    },
    online: {
      tags: 'good',
      description: 'Has a place; hubs send calls and watch over it.',
      entry: ['serveCalls', 'watchHub'],
      exit: 'unwatchHub',
      on: {
        HUB_SILENT: 'authenticating',
        NOTICED_HELLO: 'authenticating',
        DISCONNECTED: { target: 'partitioned', actions: 'rememberError' },
        BUS_CLOSED: toWaiting,
        ...notices,
        DRAIN: {
          target: 'draining',
          meta: {
            operator: {
              title: 'drain',
              effect:
                'This agent finishes its calls, takes no new ones and ends. It comes back when its process is started again.',
              grave: true,
            },
          },
        },
        STOP: whenStopped,
      },
    },
    partitioned: {
      tags: 'bad',
      description:
        'The connection to the bus broke; it is being dialed again, the place is kept for the return.',
      on: {
        RECONNECTED: 'authenticating',
        RETRY_ASKED: whenRetryAsked,
        BUS_CLOSED: toWaiting,
        ...notices,
        DRAIN: whenStopped,
        STOP: whenStopped,
      },
      after: { partitionLimit: 'dialing' },
    },
    waiting: {
      tags: 'bad',
      description: 'An attempt failed; the next one comes after a pause that doubles each time.',
      on: {
        HUB_HEARD: { guard: 'hasPlace', target: 'authenticating' },
        NOTICED_HELLO: { guard: 'hasPlace', target: 'authenticating' },
        RETRY_ASKED: whenRetryAsked,
        ...notices,
        DRAIN: whenStopped,
        STOP: whenStopped,
      },
      after: { backoff: 'dialing' },
    },
    draining: {
      tags: 'warn',
      description: 'Takes no new calls and lets the open ones finish.',
      entry: ['sayDraining', 'finishCalls'],
      on: { DRAINED: whenStopped, ...notices, STOP: whenStopped },
      after: { drainLimit: whenStopped },
    },
    superseded: {
      tags: 'bad',
      type: 'final',
      description: 'A newer process has the place. This one stops and does not come back.',
      entry: 'hangUp',
    },
    closed: {
      type: 'final',
      description: 'Ended for good: stopped, refused or revoked.',
      entry: 'hangUp',
    },
  },
});

/** A snapshot of the link machine. */
export type LinkSnapshot = SnapshotFrom<typeof linkMachine>;

export { backoffMs } from './backoff.js';
export type * from './link-events.js';
export { stateName } from './state-name.js';
