import type { Track } from './track.js';

/** What a hub tells of a run as a whole, as `Run` of runs.proto has it; times are Unix milliseconds of the controller's clock. */
export interface RunFacts {
  readonly run: string;
  readonly scenario: string;
  readonly state: string;
  readonly phases: readonly { readonly state: string; readonly sinceMs: number }[];
  readonly verdict: string;
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
  readonly nodes: readonly string[];
  readonly seed: string;
  readonly startedBy: string;
  readonly startedAtMs: number;
  /** 0: it goes on. */
  readonly endedAtMs: number;
  readonly plannedMs: number;
  /** 0: not known yet. */
  readonly t0Ms: number;
}

/** A test on a node, over time. */
export interface TestTrack {
  readonly node: string;
  readonly test: string;
  /** So many it sends in all. */
  amount: number;
  /** State of its machine. */
  readonly state: Track<string>;
  readonly sent: Track<number>;
  readonly received: Track<number>;
  readonly troubled: Track<number>;
}

/** A fault, as planned and as it was. */
export interface FaultTrack {
  readonly fault: string;
  readonly node: string;
  readonly kind: string;
  /** How it acts, in words; '' where nobody has told it. */
  shape: string;
  readonly plannedFromMs: number;
  readonly plannedToMs: number;
  /** When it was injected and healed, as far as somebody has told it. */
  injectedAtMs: number | undefined;
  healedAtMs: number | undefined;
  /** What its node, and in the end the judgement, says of it: `confirmed`, `mismatch`, `inconclusive`; undefined: nothing yet. */
  proof: string | undefined;
  reason: string | undefined;
  readonly state: Track<string>;
}

/** All that is known of a run and its time. A live run and a recorded one differ only in who fills this. */
export interface RunRecord {
  readonly facts: RunFacts;
  readonly tests: readonly TestTrack[];
  readonly faults: readonly FaultTrack[];
  /** Whether the controller reaches a node, by its name. */
  readonly reached: ReadonlyMap<string, Track<boolean>>;
  /** What its present step waits for; '' for nothing. */
  readonly waitsFor: Track<string>;
  /** Messages of all nodes together. */
  readonly sent: Track<number>;
  readonly received: Track<number>;
  /** Records that were judged, and the journals that they came in; undefined: not judged yet. */
  readonly judged: { readonly records: number; readonly journals: number } | undefined;
}
