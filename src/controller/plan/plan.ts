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

/** What a fault does to its node. */
export const faultKinds = ['link', 'peers', 'pause', 'kill', 'restart'] as const;
export type FaultKind = (typeof faultKinds)[number];

/** One disturbance of one node. */
export interface PlannedFault {
  /** Its name on the node, one subject token, unique in the run. */
  readonly fault: string;
  readonly node: string;
  readonly kind: FaultKind;
  /** From T0 of the main phase on, milliseconds. */
  readonly atMs: number;
  readonly forMs: number;
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
  readonly v: 1;
  /** Name of the scenario. */
  readonly scenario: string;
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
