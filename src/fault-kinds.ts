/** What a fault can do; docs/faults.md tells what each does on the wire, and how it heals. */
export const faultKinds = [
  'link',
  'peers',
  'partition',
  'interface',
  'loss',
  'rate',
  'delay',
  'duplicate',
  'reorder',
  'reset',
  'stall',
  'pause',
  'kill',
  'restart',
  'clock',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/**
 * On what it acts. `daemon`: on the daemon's process, or on its ways to other nodes. `hub`: on the agent's way to the hub.
 * `host`: on both, and on all else that goes between this machine and others. Loopback is spared by all.
 */
export const faultScopes = ['daemon', 'hub', 'host'] as const;
export type FaultScope = (typeof faultScopes)[number];

/** As seen from the node: only what comes `in`, only what goes `out`, or both. */
export const faultDirections = ['both', 'in', 'out'] as const;
export type FaultDirection = (typeof faultDirections)[number];

/** By what it is done: the first that can, the relays first where the agent has any; or only by the kernel, or only without it. */
export const faultWays = ['any', 'kernel', 'userspace'] as const;
export type FaultWay = (typeof faultWays)[number];

/** An amount that a kind needs or may have. */
export const faultAmounts = [
  'share',
  'delayMs',
  'jitterMs',
  'bytesPerSecond',
  'clockMs',
  'interface',
] as const;
export type FaultAmount = (typeof faultAmounts)[number];

/** What a kind of fault is like. */
export interface FaultKindFacts {
  /** The first one is the default. */
  readonly scopes: readonly FaultScope[];
  /** Amounts that must be given. */
  readonly needs: readonly FaultAmount[];
  /** Amounts that may be given. */
  readonly takes: readonly FaultAmount[];
  /** Acts on packets or connections: may be limited to some other nodes, and to one direction. */
  readonly network: boolean;
  /** Takes hold of the daemon's process: two such faults of a node cannot act at the same time. */
  readonly process: boolean;
}

const allScopes = ['daemon', 'hub', 'host'] as const;
const network = { scopes: allScopes, needs: [], takes: [], network: true, process: false } as const;
const process = { scopes: ['daemon'], needs: [], takes: [], network: false, process: true } as const;

/** The facts of each kind. */
export const factsOfKinds: Readonly<Record<FaultKind, FaultKindFacts>> = {
  // The ways of `partition` that need no other node to be named.
  link: { ...network, scopes: ['hub'] },
  peers: { ...network, scopes: ['daemon'] },
  partition: network,
  interface: { ...network, scopes: ['host'], takes: ['interface'] },
  loss: { ...network, needs: ['share'] },
  rate: { ...network, needs: ['bytesPerSecond'], takes: ['interface'] },
  delay: { ...network, needs: ['delayMs'], takes: ['jitterMs', 'interface'] },
  duplicate: { ...network, needs: ['share'], takes: ['interface'] },
  reorder: { ...network, needs: ['share'], takes: ['delayMs', 'interface'] },
  reset: network,
  stall: network,
  pause: process,
  kill: process,
  restart: process,
  clock: { ...process, needs: ['clockMs'] },
};

/** The longest that a fault may last, milliseconds. */
export const longestFaultMs = 3_600_000;
/** The shortest, of those that last, milliseconds. */
export const shortestFaultMs = 100;

/** Another node, and where this machine finds it. */
export interface FaultPeer {
  readonly node: string;
  /** IP addresses; relays are found by the name of the node. */
  readonly addresses: readonly string[];
}

/** How a fault acts. Amounts that its kind does not have are 0 or empty. */
export interface FaultShape {
  readonly scope: FaultScope;
  readonly direction: FaultDirection;
  /** Only on what goes to and comes from these; empty: all that there are. */
  readonly from: readonly FaultPeer[];
  /** Of packets, 0 to 1. */
  readonly share: number;
  readonly delayMs: number;
  /** The delay differs by up to so much in both directions, milliseconds, evenly. */
  readonly jitterMs: number;
  readonly bytesPerSecond: number;
  /** The daemon's clock minus the true one, milliseconds. */
  readonly clockMs: number;
  /** Name of a network interface; empty: the one that leads to the hub. */
  readonly interface: string;
  readonly way: FaultWay;
  /** What its own chance is drawn from. */
  readonly seed: string;
}

/** The shape of a fault of which nothing but the kind is said. */
export function plainShape(kind: FaultKind): FaultShape {
  return {
    scope: factsOfKinds[kind].scopes[0] ?? 'daemon',
    direction: 'both',
    from: [],
    share: 0,
    delayMs: 0,
    jitterMs: 0,
    bytesPerSecond: 0,
    clockMs: 0,
    interface: '',
    way: 'any',
    seed: '',
  };
}
