import { type FaultKind, type FaultShape, plainShape } from '../../fault-kinds.js';
import type { Rules } from '../judging/rules.js';

/** What a test sends. `call` calls a method at an open-loop rate and has no receivers. */
export type Workload =
  | { readonly type: 'text' | 'media' }
  | { readonly type: 'call'; readonly method: string; readonly requestJson: string };

/** The members of a group; the first one makes it and invites the others. */
export interface PlannedGroup {
  readonly name: string;
  readonly members: readonly string[];
}

/** One workload of one group, on every member at the same time. */
export interface PlannedTest {
  /** Its name on the nodes, one subject token, unique in the run. */
  readonly test: string;
  /** Its name in the scenario. */
  readonly name: string;
  readonly group: string;
  /** `control` runs before the others and without faults. */
  readonly phase: 'control' | 'main';
  readonly workload: Workload;
  /** Bytes of a message. */
  readonly size: number;
  readonly intervalMs: number;
  readonly amount: number;
  /** When it starts, from T0 of its phase on, milliseconds. */
  readonly afterMs: number;
  /** The members that send; all of the group receive. */
  readonly senders: readonly string[];
}

/**
 * In which part of a run a fault comes: while the nodes come into their groups, while messages are sent, or after the last
 * one was.
 */
export const faultPhases = ['joining', 'running', 'draining'] as const;
export type FaultPhase = (typeof faultPhases)[number];

/** How a planned fault acts: other nodes by their names alone, as where they are is not known before they are there. */
export interface PlannedShape extends Omit<FaultShape, 'from'> {
  readonly from: readonly string[];
}

/** The shape of a fault of which nothing but the kind is said; with what its own chance is drawn from. */
export function plainPlanned(kind: FaultKind, seed = ''): PlannedShape {
  return { ...plainShape(kind), from: [], seed };
}

/** One disturbance of one node. */
export interface PlannedFault {
  /** Its name on the node, one subject token, unique in the run. */
  readonly fault: string;
  readonly node: string;
  readonly kind: FaultKind;
  readonly during: FaultPhase;
  /** Milliseconds from T0 of the main phase on; of `joining`, from when the nodes are told to make their groups. */
  readonly atMs: number;
  readonly forMs: number;
  readonly shape: PlannedShape;
}

/** How long each step may take, milliseconds; a step that takes longer ends the run as `unknown`. */
export interface Patience {
  readonly gatherMs: number;
  readonly groupMs: number;
  readonly readyMs: number;
  readonly collectMs: number;
}

/**
 * All that will be done in a run, known before it starts. It follows from the scenario, the names of the nodes and the
 * seed alone: the same three give the same plan, and the same hash.
 */
export interface Plan {
  /** 1: of a release whose faults had no shape and no `during`. They have plain ones here, which are not in the hash. */
  readonly v: 1 | 2;
  /** Name of the scenario. */
  readonly scenario: string;
  /** The run whose faults are done again, in the place of those that the scenario would have. */
  readonly replays?: string;
  /** What chance is drawn from; each node has a part of its own, so that one more node changes nothing for the others. */
  readonly seed: string;
  /** SHA-256 over the JSON of all else, in hexadecimal digits. */
  readonly hash: string;
  /** All nodes that take part, sorted. */
  readonly nodes: readonly string[];
  readonly groups: readonly PlannedGroup[];
  readonly tests: readonly PlannedTest[];
  readonly faults: readonly PlannedFault[];
  /** From arming to T0, milliseconds. */
  readonly leadMs: number;
  /** What others sent is waited for so long after the last send or the last fault, whichever is later, milliseconds. */
  readonly settleMs: number;
  readonly patience: Patience;
  readonly rules: Rules;
}
