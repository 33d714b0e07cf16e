import type { FaultDirection, FaultKind, FaultScope, FaultShape, FaultWay } from '../../fault-kinds.js';
import type { Rules } from '../judging/rules.js';
import type { FaultPhase, Patience } from '../plan/plan.js';

/** Who brings the nodes: those that are connected take part, or the run starts its own, here or in a lab of networks. */
export const providers = ['connected', 'local', 'lab'] as const;
export type Provider = (typeof providers)[number];

/** What a daemon is to others, as `postern daemon --role` says it. */
export const daemonRoles = ['peer', 'rdvp', 'relay', 'bootstrap', 'replication'] as const;
export type DaemonRole = (typeof daemonRoles)[number];

/** Most nodes of a scenario. */
export const mostNodes = 200;
/** Most entries of `faults`. */
export const mostFaults = 200;
/** Most faults that one node may have in a run. */
export const mostFaultsPerNode = 1_000;
/** Longest time from the start of the tests to the last send or fault, milliseconds. */
export const longestMs = 24 * 3_600_000;
/** Longest fault that a node takes, milliseconds. */
export const longestFaultMs = 3_600_000;

/** How the reference daemon of a node is started; what is absent is left to who starts it. */
export interface DaemonSetup {
  readonly role: DaemonRole;
  readonly acknowledge?: boolean | undefined;
  readonly minBackoffMs?: number | undefined;
  readonly maxBackoffMs?: number | undefined;
  readonly idleMs?: number | undefined;
  readonly syncMs?: number | undefined;
  /** As `postern daemon --misbehave` reads it. */
  readonly misbehave?: string | undefined;
  /** Names of the nodes that it is told of, which may be its own too. */
  readonly peers: readonly string[];
  readonly rdvp: readonly string[];
  readonly relay: readonly string[];
  readonly bootstrap: readonly string[];
}

/** One entry of `nodes`: one node, several of a kind, or those that have certain labels. */
export interface NodeEntry {
  readonly entry: string;
  /** The names of its nodes; empty where labels decide. */
  readonly names: readonly string[];
  /** Selector as tokens have it, `site=attic,!gpu`, and how many there must be at least. */
  readonly select?: { readonly labels: string; readonly min: number };
  /** Lab: on the WAN with an address of its own. */
  readonly public: boolean;
  /** Lab, local: the daemon that is started beside its agent. */
  readonly daemon: DaemonSetup;
}

/** A name in `members`, `senders` or `nodes`: that of an entry, which stands for all its nodes, or of one of them. */
export type NodeRef = string;

/** A test as the scenario has it; see `PlannedTest`. */
export interface ScenarioTest {
  readonly name: string;
  readonly workload:
    | { readonly type: 'text' | 'media' }
    | { readonly type: 'call'; readonly method: string; readonly requestJson: string };
  readonly size: number;
  readonly intervalMs: number;
  readonly amount: number;
  readonly afterMs: number;
  /** Absent: all members. */
  readonly senders?: readonly NodeRef[];
}

/** Nodes that have something in common, and what they send each other. */
export interface ScenarioGroup {
  readonly name: string;
  readonly members: readonly NodeRef[];
  readonly tests: readonly ScenarioTest[];
}

/** Amounts of a fault that are said; see `FaultShape`. */
export type FaultAmounts = Partial<
  Pick<FaultShape, 'share' | 'delayMs' | 'jitterMs' | 'bytesPerSecond' | 'clockMs' | 'interface'>
>;

/** How each fault of a rule acts, as far as its kind has it; what is absent is as the kind does by itself. */
export interface FaultWish {
  readonly scope?: FaultScope;
  readonly direction?: FaultDirection;
  readonly way?: FaultWay;
  /** Only towards these; a node is not disturbed towards itself. Absent: towards all. */
  readonly from?: readonly NodeRef[];
  readonly amounts: FaultAmounts;
}

/** How nodes are parted from each other. */
export type Parting =
  /** Two sides: those that are named, or drawn, the smaller one first. */
  | { readonly into: 'halves'; readonly sides?: readonly [readonly NodeRef[], readonly NodeRef[]] }
  /** One node from all others; absent: drawn. */
  | { readonly into: 'one'; readonly node?: NodeRef }
  /** Each sees its two neighbours, in an order that is drawn. */
  | { readonly into: 'ring' }
  /** What `from` says does not reach `to`. */
  | { readonly into: 'one-way'; readonly from: readonly NodeRef[]; readonly to: readonly NodeRef[] }
  /** Two sides, and one node that sees both; absent: drawn. */
  | { readonly into: 'bridge'; readonly node?: NodeRef };

/** Which nodes a rule is about. */
export interface FaultTargets {
  readonly of: readonly NodeRef[];
  /** A selector: only those of them that have these labels. */
  readonly labels?: string;
  /** So many of them, by lot. */
  readonly any?: number;
}

/** A rule that faults follow from. */
export interface ScenarioFault {
  /** Where it stands, such as `faults[0]`. */
  readonly path: string;
  /** All begin and end together. */
  readonly kinds: readonly FaultKind[];
  /** Those that it may hit; with `parting`, those that are parted. */
  readonly nodes: FaultTargets;
  readonly during: FaultPhase;
  /** From the beginning of its phase on: T0, or the last message's time; with `every`, when first. */
  readonly atMs: number;
  readonly forMs: number;
  /** Again and again until the last message is sent; each node draws its own lot, 1 in `odds`, or all together where they are parted. */
  readonly repeat?: { readonly everyMs: number; readonly odds: number };
  readonly wish: FaultWish;
  /** Its one kind is `partition`: each node gets what it has to do for it. */
  readonly parting?: Parting;
}

/** Something that is said about a scenario without being a mistake. */
export interface ScenarioWarning {
  /** `file:line:column`. */
  readonly place: string;
  /** `groups.chat.tests.ping.interval`; empty for the whole. */
  readonly path: string;
  readonly text: string;
}

/** What a scenario's file says, with all defaults filled in. */
export interface Scenario {
  readonly name: string;
  /** Whose form the file has: ours, or that of the tool before. */
  readonly form: 'postern' | 'original';
  /** Absent: to be drawn. */
  readonly seed?: string;
  readonly provider: Provider;
  readonly nodes: readonly NodeEntry[];
  readonly groups: readonly ScenarioGroup[];
  readonly faults: readonly ScenarioFault[];
  /** The same tests before all faults, shorter; false: none. */
  readonly control: false | { readonly amount: number; readonly intervalMs: number };
  readonly armMs: number;
  readonly settleMs: number;
  readonly patience: Patience;
  readonly rules: Rules;
  readonly warnings: readonly ScenarioWarning[];
}

/** The nodes that the scenario itself names: with the providers `local` and `lab`, all that there are. */
export function namedNodes(scenario: Pick<Scenario, 'nodes'>): string[] {
  return scenario.nodes.flatMap(({ names }) => names);
}
