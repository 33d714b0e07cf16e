import type { FaultKind } from '../../fault-kinds.js';
import type { Plan } from '../plan/plan.js';
import type { BlindCause, BlindTime } from './blind-time.js';
import type { FaultSighting } from './fault-sighting.js';
import type { Layer, Layers } from './layers.js';
import type { Rules } from './rules.js';

export type { BlindCause, BlindTime, FaultSighting, Layer, Layers };

/** `fail` outweighs `unknown`, which outweighs `pass`. */
export type Verdict = 'pass' | 'fail' | 'unknown';

/** What the controller knows of a run beside the records of its nodes. */
export interface RunFacts {
  readonly run: string;
  readonly plan: Plan;
  /** When the run began and when it ended, Unix milliseconds of the controller's clock. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** T0 of the phases that were armed, Unix milliseconds of the controller's clock. */
  readonly t0: { readonly joining?: number; readonly control?: number; readonly main?: number };
  /** The nodes' clocks when they were measured: controller's time = node's time + offset, give or take the error. */
  readonly clocks: Readonly<Record<string, ClockReading>>;
  /** What became of each fault, as its node told; absent: the node told nothing. */
  readonly faults: Readonly<Record<string, FaultFact>>;
  /** Versions of what took part, by name, e.g. `controller`, `north`. */
  readonly versions: Readonly<Record<string, string>>;
  /** Somebody ended the run before its time. */
  readonly aborted?: { readonly by: string; readonly reason: string };
  /** A step that did not come to its end, in words: the run ended there. */
  readonly stuck?: { readonly step: string; readonly message: string };
}

export interface ClockReading {
  readonly offsetMs: number;
  readonly errorMs: number;
}

export interface FaultFact {
  /** State of the fault's machine on the node. */
  readonly state: string;
  /** By the node's clock; absent: it was not. */
  readonly injectedAtMs?: number | undefined;
  readonly healedAtMs?: number | undefined;
  /** `nft`, `userspace`, `signal`. */
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
  /** What the node's canaries have shown; absent: its agent has none, or has not come to its end. */
  readonly proof?: ToldProof | undefined;
  /** What they saw; times are those of the node's clock. */
  readonly sights?: readonly FaultSighting[] | undefined;
}

/** What a node's canaries have shown of a fault, and why. */
export interface ToldProof {
  readonly outcome: FaultJudgement['proof'];
  readonly reason: string;
}

/** Why a verdict is no plain pass. The worst come first. */
export interface Reason {
  /** One word for programs, e.g. `lost`, `fault-mismatch`, `gap`. */
  readonly code: string;
  readonly verdict: 'fail' | 'unknown';
  /** For people: what, where, how many. */
  readonly text: string;
}

/** Milliseconds; absent when there was nothing to measure. */
export interface Quantiles {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * Counts of one sender towards one receiver, or sums of such; docs/checking.md tells what each means. What was sent
 * (`scheduled` to `skipped`) is the sender's, the same towards each receiver, and is summed up once for each sender.
 */
export interface Counts {
  readonly scheduled: number;
  readonly ok: number;
  readonly fail: number;
  readonly info: number;
  /** Never tried: the schedule had gone on. */
  readonly skipped: number;
  /** Messages that the receiver is owed: `delivered`, `lost` and `unknown` together. */
  readonly expected: number;
  readonly delivered: number;
  readonly late: number;
  /** Delivered later than allowed, while or because a fault hit its sender or receiver. */
  readonly excused: number;
  readonly lost: number;
  readonly vanished: number;
  readonly duplicated: number;
  readonly replayed: number;
  readonly reordered: number;
  /** Farthest that a message came behind its turn: the highest number that had come live before it, less its own. */
  readonly displacement: number;
  readonly recovered: number;
  readonly unexpected: number;
  readonly corrupt: number;
  readonly unknown: number;
}

/**
 * One sender towards one receiver in one test. For a `call` test the receiver is absent. The sender is `?` for what did not say
 * whose it is, and no node of the group for what says so of a stranger: such a pair has `unexpected` messages only.
 */
export interface Pair {
  readonly sender: string;
  readonly receiver?: string;
  readonly counts: Counts;
  /** Absent: all have arrived, or it is a call. */
  readonly layers?: Layers;
  readonly latency?: Quantiles;
}

/** One test of one group. */
export interface TestJudgement {
  readonly test: string;
  readonly name: string;
  readonly group: string;
  readonly phase: 'control' | 'main';
  readonly verdict: Verdict;
  readonly totals: Counts;
  /** Of all pairs; absent for calls, and in what older releases wrote. */
  readonly layers?: Layers;
  readonly pairs: readonly Pair[];
  readonly latency?: Quantiles;
  /** Time from the acknowledgement until the last receiver that is owed the message has it. */
  readonly stable?: Quantiles;
  /** How late sends were, by the schedule. */
  readonly slip?: Quantiles;
  /** ok sends of those that were due, 0 to 1, by whether a fault was on at the sender then; 1 where none was due. */
  readonly availability: { readonly calm: number; readonly disturbed: number };
  /** Sends that were due, by the same. */
  readonly due?: { readonly calm: number; readonly disturbed: number };
  /** Latencies to plot, at most 4,000, chosen evenly: [sent at, milliseconds from T0; latency, ms; index of sender; index of receiver in `plan.nodes`]. */
  readonly points: readonly (readonly [number, number, number, number])[];
}

/** What is wrong with a message. */
export type Trouble =
  | 'lost'
  | 'vanished'
  | 'duplicated'
  | 'reordered'
  | 'late'
  | 'corrupt'
  | 'unexpected'
  | 'unknown'
  | 'recovered';

/** A message that something is wrong with, and its whole history. `seq` is 0 where it did not say its number. */
export interface TroubledMessage {
  readonly test: string;
  readonly sender: string;
  readonly seq: number;
  readonly troubles: readonly {
    readonly trouble: Trouble;
    readonly receiver?: string;
    /** Where it stayed on its way there. */
    readonly layer?: Layer;
  }[];
  /** In order of time on the controller's clock. */
  readonly history: readonly Moment[];
}

/** One thing that happened to a message. */
export interface Moment {
  /** Unix milliseconds of the controller's clock. */
  readonly atMs: number;
  readonly node: string;
  /** `due`, `intent`, `sent`, `ok`, `fail`, `info`, `unknown`, `skipped`, `live`, `replay`, `final`, `absent` (not in a complete final reading). */
  readonly what: string;
  /** The daemon's id of it, or why not. */
  readonly detail?: string;
}

/** When a node could not be seen, or its daemon was away; Unix milliseconds of the controller's clock. */
export interface Interval {
  readonly node: string;
  readonly what: 'hub' | 'daemon';
  readonly fromMs: number;
  /** Absent: until the end. */
  readonly toMs?: number;
}

/** A fault as it was planned and as it was; Unix milliseconds of the controller's clock. */
export interface FaultJudgement {
  readonly fault: string;
  readonly node: string;
  readonly kind: FaultKind;
  readonly plannedFromMs: number;
  readonly plannedToMs: number;
  readonly injectedAtMs?: number;
  readonly healedAtMs?: number;
  readonly by?: string;
  /** `mismatch`: it did not act as planned; `inconclusive`: nobody can say whether it did. */
  readonly proof: 'confirmed' | 'mismatch' | 'inconclusive';
  readonly reason?: string;
  /** From its heal until all that its node had to send or to get from before has arrived, milliseconds; absent: it never did, or nobody knows. */
  readonly convergenceMs?: number;
  /** `never`: something of it was lost; `unclear`: nobody knows; absent: see `convergenceMs`, or it was not healed. */
  readonly convergence?: 'never' | 'unclear';
  /** What canaries saw on ways that it acts on, and on ways that it spares. */
  readonly sights?: readonly FaultSighting[];
}

/** What a run has shown. Everything a report needs is in it. */
export interface Judgement {
  readonly v: 1;
  readonly run: string;
  readonly plan: Plan;
  readonly facts: Omit<RunFacts, 'plan' | 'run'>;
  readonly rules: Rules;
  readonly verdict: Verdict;
  /** Empty for a pass. */
  readonly reasons: readonly Reason[];
  readonly totals: Counts;
  /** Of all tests with receivers; absent in what older releases wrote. */
  readonly layers?: Layers;
  readonly tests: readonly TestJudgement[];
  readonly faults: readonly FaultJudgement[];
  readonly intervals: readonly Interval[];
  /** Nodes of which nobody could know for a time; absent in what older releases wrote. */
  readonly blind?: readonly BlindTime[];
  /** At most 1,000, the worst first; how many messages there are with each trouble stands in `troubled`. */
  readonly messages: readonly TroubledMessage[];
  readonly troubled: Readonly<Partial<Record<Trouble, number>>>;
  /** Records that were judged, and of how many journals. */
  readonly records: number;
  readonly journals: number;
  /** Deliveries to draw a space-time diagram of, at most 2,000, chosen by message: a troubled one is always among them. */
  readonly deliveries: readonly Delivery[];
}

/** One message on its way to one receiver. */
export interface Delivery {
  readonly test: string;
  readonly sender: string;
  readonly seq: number;
  readonly sentAtMs: number;
  readonly receiver: string;
  /** Absent: it never came. */
  readonly receivedAtMs?: number;
}
