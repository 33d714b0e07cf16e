import type { FaultKind } from '../../fault-kinds.js';
import type { FaultPhase } from '../plan/plan.js';
import type { DaemonWish } from './daemon-schema.js';
import type { Mistake, Path } from './mistake.js';
import type { FaultWish, ScenarioTest } from './scenario.js';

/** A name that stands for nodes, and where it is written. */
export interface DraftRef {
  readonly path: Path;
  readonly name: string;
}

export interface DraftNode {
  readonly path: Path;
  readonly entry: string;
  readonly count: number | undefined;
  /** A selector. */
  readonly labels: string | undefined;
  readonly min: number | undefined;
  readonly public: boolean;
  readonly daemon: DaemonWish;
  /** It could not be read: only its name is known. */
  readonly broken?: true;
}

export interface DraftTest {
  readonly path: Path;
  readonly test: Omit<ScenarioTest, 'senders'>;
  readonly senders: readonly DraftRef[] | undefined;
}

export interface DraftGroup {
  readonly path: Path;
  readonly name: string;
  /** Absent: all peers. */
  readonly members: readonly DraftRef[] | undefined;
  readonly tests: readonly DraftTest[];
  /** It, or one of its tests, could not be read. */
  readonly broken?: true;
}

/** How nodes are parted; see `Parting`. Names are absent where they are drawn. */
export interface DraftParting {
  readonly path: Path;
  readonly into: 'halves' | 'one' | 'ring' | 'one-way' | 'bridge';
  /** The two sides of `halves`, or from and to of `one-way`. */
  readonly sides?: readonly (readonly DraftRef[])[];
  /** Of `one` and `bridge`. */
  readonly node?: DraftRef;
}

export interface DraftFault {
  readonly path: Path;
  readonly kinds: readonly FaultKind[];
  /** Absent: all nodes. */
  readonly of: readonly DraftRef[] | undefined;
  /** A selector. */
  readonly labels: string | undefined;
  readonly any: number | undefined;
  readonly during: FaultPhase;
  readonly atMs: number | undefined;
  readonly forMs: number | undefined;
  readonly everyMs: number | undefined;
  readonly odds: number | undefined;
  readonly wish: Omit<FaultWish, 'from'> & { readonly from?: readonly DraftRef[] };
  readonly parting?: DraftParting;
}

/**
 * The parts of a scenario that could be read, in whichever form they were written, before it is known whether they fit
 * together. Everything knows where it stands, so that mistakes can be told of it.
 */
export interface Draft {
  readonly nodes: readonly DraftNode[];
  readonly groups: readonly DraftGroup[];
  readonly faults: readonly DraftFault[];
}

/** What was found in a file so far. */
export interface Findings {
  readonly mistakes: Mistake[];
  readonly warnings: Mistake[];
}

/** Names, each with its own place where they were written as a list. */
export function refsOf(
  names: readonly string[] | undefined,
  raw: unknown,
  path: Path,
): readonly DraftRef[] | undefined {
  return names?.map((name, i) => ({ name, path: Array.isArray(raw) ? [...path, i] : path }));
}
