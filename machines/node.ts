import { assign, initialTransition, type SnapshotFrom, setup, transition } from 'xstate';
import type { NodeEvent } from './node-events.js';
import {
  afterPingRound,
  bestStanding,
  type InstanceFacts,
  type Instances,
  type RememberedInstance,
  rememberedInstances,
  type Standing,
  standingOfFacts,
  withAnswer,
  withClaim,
  withFacts,
  withNobodyThere,
  withoutInstance,
} from './node-facts.js';
import { drained, kicked, mayDrain, mayKick, mayResume, resumed } from './node-operations.js';
import type { StateTag } from './state-tags.js';

/** What the machine knows of a node. */
export interface NodeContext {
  /** Name of the node. */
  readonly node: string;
  /** What was known of the node before this actor: decides where it starts. */
  readonly past: NodePast;
  /** Highest epoch that was claimed; never goes back. */
  readonly epoch: number;
  /** Who serves the node now, by instance id. */
  readonly instances: Instances;
  /** Calls open towards the node at the last count. */
  readonly calls: number;
  /** Somebody wants no new calls to go there, whoever serves it. */
  readonly drained: boolean;
}

/** What is remembered of a node: `never` seen, `seen` at some time, or `revoked`. */
export type NodePast = 'never' | 'seen' | 'revoked';

/** What an actor of the machine starts with. */
export interface NodeInput {
  readonly node: string;
  readonly past?: NodePast;
  /** Highest epoch that was ever claimed. */
  readonly epoch?: number;
  readonly instances?: readonly RememberedInstance[];
  /** Default: false. */
  readonly drained?: boolean;
}

/** The best standing among the instances; one that is ready drains where the node does. */
function bestOf({ instances, drained }: NodeContext): Standing | undefined {
  const best = bestStanding(instances);
  return drained && best === 'ready' ? 'draining' : best;
}

const nodeSetup = setup({
  types: {
    context: {} as NodeContext,
    events: {} as NodeEvent,
    tags: {} as StateTag,
    input: {} as NodeInput,
  },
  guards: {
    wasRevoked: ({ context }) => context.past === 'revoked',
    wasSeen: ({ context }) => context.past === 'seen',
    anyReady: ({ context }) => bestOf(context) === 'ready',
    bestJoins: ({ context }) => bestOf(context) === 'joining',
    bestDrains: ({ context }) => bestOf(context) === 'draining',
    allSuspect: ({ context }) => bestStanding(context.instances) === 'suspect',
    noneLeft: ({ context }) => bestStanding(context.instances) === undefined,
    callsOpen: ({ context }) => context.calls > 0,
    noCallsOpen: ({ context }) => context.calls === 0,
  },
  actions: {
    forgetInstances: assign({ instances: {}, calls: 0 }),
    forgetRevocation: assign(({ context }) => ({ past: context.epoch > 0 ? 'seen' : 'never' })),
    forgetKicked: assign(({ context, event }) =>
      event.type === 'KICK_ASKED' ? { instances: withoutInstance(context.instances, event.instance) } : {},
    ),
    drain: assign({ drained: true }),
    resume: assign({ drained: false }),
  },
});

/** What every state but `revoked` takes: events record facts, and `always` draws the conclusion. */
const facts = nodeSetup.createStateConfig({
  on: {
    CLAIMED: {
      description: 'An instance took its place or came back to it.',
      actions: assign(({ context, event }) => ({
        epoch: Math.max(context.epoch, event.epoch),
        instances: withClaim(context.instances, event),
      })),
    },
    HEARD: {
      description: 'An instance answered a ping: it is there.',
      actions: assign(({ context, event }) => ({
        instances: withAnswer(context.instances, event.instance, event.roundTripUs),
      })),
    },
    PING_ROUND: {
      description: 'All instances were pinged; who stays silent for two rounds is suspect, for five gone.',
      actions: assign(({ context }) => ({ instances: afterPingRound(context.instances) })),
    },
    UNREACHABLE: {
      description: 'Nobody listens where an instance should be: it is suspect at once, unless it is joining.',
      actions: assign(({ context, event }) => ({
        instances: withNobodyThere(context.instances, event.instance),
      })),
    },
    BYE: [
      {
        description: 'An instance has stopped.',
        guard: ({ event }) => event.reason === 'stopped',
        actions: assign(({ context, event }) => ({
          instances: withoutInstance(context.instances, event.instance),
        })),
      },
      {
        description: 'An instance finishes its calls and takes no new ones.',
        actions: assign(({ context, event }) => ({
          instances: withFacts(context.instances, event.instance, { said: 'draining' }),
        })),
      },
    ],
    CALLS_CHANGED: {
      description: 'The calls open towards the node were counted.',
      actions: assign({ calls: ({ event }) => event.open }),
    },
    KICK_ASKED: kicked,
    DRAIN_ASKED: drained,
    RESUME_ASKED: resumed,
    REVOKED: {
      description: 'Somebody took the right to serve away from the node.',
      target: 'revoked',
    },
  },
});

/**
 * A node, as the hub that owns it sees it. Events only record facts; the state follows from the best standing among
 * the instances.
 */
export const nodeMachine = nodeSetup.createMachine({
  id: 'node',
  description: 'A named place whose gRPC servers are reached through the instances that serve it.',
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    node: input.node,
    past: input.past ?? 'never',
    epoch: Math.max(input.epoch ?? 0, ...(input.instances ?? []).map(({ epoch }) => epoch)),
    instances: rememberedInstances(input.instances ?? []),
    calls: 0,
    drained: input.drained ?? false,
  }),
  initial: 'unseen',
  states: {
    unseen: {
      description: 'A key is bound to the name, but no instance has ever come.',
      on: facts.on,
      always: [
        { guard: 'wasRevoked', target: 'revoked' },
        { guard: 'anyReady', target: 'connected' },
        { guard: 'bestJoins', target: 'connected' },
        { guard: 'bestDrains', target: 'connected' },
        { guard: 'allSuspect', target: 'suspect' },
        { guard: 'wasSeen', target: 'lost' },
      ],
    },
    connected: {
      tags: 'good',
      description: 'At least one instance answers pings, or is about to.',
      on: { ...facts.on, KICK_ASKED: mayKick },
      initial: 'idle',
      always: [
        { guard: 'noneLeft', target: 'lost' },
        { guard: 'allSuspect', target: 'suspect' },
      ],
      states: {
        idle: {
          description: 'Ready for calls; none is open.',
          on: { DRAIN_ASKED: mayDrain },
          always: [
            { guard: 'bestJoins', target: 'joining' },
            { guard: 'bestDrains', target: 'draining' },
            { guard: 'callsOpen', target: 'serving' },
          ],
        },
        joining: {
          tags: 'warn',
          description: 'An instance has its place; calls go there as soon as it has answered its first ping.',
          on: { DRAIN_ASKED: mayDrain },
          always: [
            { guard: 'anyReady', target: 'idle' },
            { guard: 'bestDrains', target: 'draining' },
          ],
        },
        serving: {
          description: 'Ready for calls; some are open.',
          on: { DRAIN_ASKED: mayDrain },
          always: [
            { guard: 'bestJoins', target: 'joining' },
            { guard: 'bestDrains', target: 'draining' },
            { guard: 'noCallsOpen', target: 'idle' },
          ],
        },
        draining: {
          tags: 'warn',
          description:
            'Open calls may finish; new ones are refused, because every instance that answers is leaving or somebody drains the node.',
          on: { RESUME_ASKED: mayResume },
          always: [
            { guard: 'anyReady', target: 'idle' },
            { guard: 'bestJoins', target: 'joining' },
          ],
        },
      },
    },
    suspect: {
      tags: ['warn', 'away'],
      description:
        'Every instance that is left has stopped answering; no call goes there until one answers again.',
      on: { ...facts.on, KICK_ASKED: mayKick, DRAIN_ASKED: mayDrain, RESUME_ASKED: mayResume },
      always: [
        { guard: 'noneLeft', target: 'lost' },
        { guard: 'anyReady', target: 'connected' },
        { guard: 'bestJoins', target: 'connected' },
        { guard: 'bestDrains', target: 'connected' },
      ],
    },
    lost: {
      tags: ['bad', 'away'],
      description: 'No instance is left. The node is remembered and comes back with the next claim.',
      on: { ...facts.on, DRAIN_ASKED: mayDrain, RESUME_ASKED: mayResume },
      always: [
        { guard: 'anyReady', target: 'connected' },
        { guard: 'bestJoins', target: 'connected' },
        { guard: 'bestDrains', target: 'connected' },
        { guard: 'allSuspect', target: 'suspect' },
      ],
    },
    revoked: {
      tags: 'bad',
      description: 'The node may not serve any more. There is no way back for its keys.',
      entry: 'forgetInstances',
      on: {
        ALLOWED: {
          description: 'Somebody lets the name be joined again, by other keys.',
          target: 'unseen',
          actions: 'forgetRevocation',
        },
      },
    },
  },
});

/** A snapshot of the node machine. */
export type NodeSnapshot = SnapshotFrom<typeof nodeMachine>;

/** A node as whoever has only read of it sees it, with so many calls open: where its machine would begin. */
export function nodeAsRemembered(input: NodeInput, calls: number): NodeSnapshot {
  const [remembered] = initialTransition(nodeMachine, input);
  return calls === 0
    ? remembered
    : transition(nodeMachine, remembered, { type: 'CALLS_CHANGED', open: calls })[0];
}

/** The instances that may be given new calls, oldest claim first. */
export function routable(snapshot: NodeSnapshot): string[] {
  if (snapshot.context.drained) return [];
  return Object.entries(snapshot.context.instances)
    .filter(([, facts]) => standingOfFacts(facts) === 'ready')
    .sort(([, a], [, b]) => a.epoch - b.epoch)
    .map(([id]) => id);
}

/** How far an instance may be given calls where its node is not drained; undefined when the node has no such instance. */
export function standingOf(snapshot: NodeSnapshot, instance: string): Standing | undefined {
  const facts = snapshot.context.instances[instance];
  return facts === undefined ? undefined : standingOfFacts(facts);
}

export { stateName } from './state-name.js';
export type { InstanceFacts, Instances, RememberedInstance, Standing };
