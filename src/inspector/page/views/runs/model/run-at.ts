import type { FaultTrack, RunRecord, TestTrack } from './record.js';

/** A test on a node at a moment. */
export interface TestAt {
  readonly node: string;
  readonly test: string;
  /** '' where nobody has told it. */
  readonly state: string;
  readonly sent: number;
  readonly amount: number;
  readonly received: number;
  readonly troubled: number;
}

/** A fault at a moment. */
export interface FaultAt {
  readonly track: FaultTrack;
  /** '' where nobody has told it. */
  readonly state: string;
  /** `by plan`: it should act now, and nobody has said that it does. */
  readonly acts: 'no' | 'by plan' | 'yes';
}

/** A run at a moment: all that is drawn of it. */
export interface RunAt {
  readonly atMs: number;
  /** State of its machine. */
  readonly state: string;
  readonly tests: readonly TestAt[];
  readonly faults: readonly FaultAt[];
  /** Nodes that the controller does not reach. */
  readonly outOfReach: ReadonlySet<string>;
  readonly waitsFor: string;
  readonly sent: number;
  readonly received: number;
  /** '' before it was judged. */
  readonly verdict: string;
  readonly reasons: readonly string[];
}

/** What a run is at a moment, Unix milliseconds of the controller's clock. */
export function runAt(record: RunRecord, atMs: number): RunAt {
  const { facts } = record;
  const phase = facts.phases.findLast(({ sinceMs }) => sinceMs <= atMs) ?? facts.phases[0];
  const judged = facts.endedAtMs > 0 && atMs >= lastMs(record);
  return {
    atMs,
    state: phase?.state ?? facts.state,
    tests: record.tests.map((test) => testAt(test, atMs)),
    faults: record.faults.map((fault) => faultAt(fault, atMs)),
    outOfReach: new Set(
      [...record.reached].flatMap(([node, reached]) => (reached.at(atMs) === false ? [node] : [])),
    ),
    waitsFor: record.waitsFor.at(atMs) ?? '',
    sent: record.sent.at(atMs) ?? 0,
    received: record.received.at(atMs) ?? 0,
    verdict: judged ? facts.verdict : '',
    reasons: judged ? facts.reasons : [],
  };
}

/** The time of a run, Unix milliseconds of the controller's clock. */
export interface Extent {
  readonly fromMs: number;
  /** What is known ends here: at its end, or now. */
  readonly knownMs: number;
  /** A drawing of it ends here: of a run that goes on as far as it is planned. */
  readonly toMs: number;
}

/** The time that a run spans. */
export function extent(record: RunRecord, nowMs: number): Extent {
  const { startedAtMs: fromMs, endedAtMs, t0Ms, plannedMs } = record.facts;
  if (endedAtMs > 0) {
    const toMs = Math.max(lastMs(record), fromMs + 1);
    return { fromMs, knownMs: toMs, toMs };
  }
  const knownMs = Math.max(nowMs, lastMs(record), fromMs + 1);
  return { fromMs, knownMs, toMs: Math.max(knownMs, (t0Ms > 0 ? t0Ms : fromMs) + plannedMs) };
}

/** When it came to its last state: what is judged is known from then on. */
function lastMs({ facts }: RunRecord): number {
  return Math.max(facts.endedAtMs, facts.phases.at(-1)?.sinceMs ?? 0);
}

function testAt({ node, test, amount, ...tracks }: TestTrack, atMs: number): TestAt {
  return {
    node,
    test,
    amount,
    state: tracks.state.at(atMs) ?? '',
    sent: tracks.sent.at(atMs) ?? 0,
    received: tracks.received.at(atMs) ?? 0,
    troubled: tracks.troubled.at(atMs) ?? 0,
  };
}

function faultAt(track: FaultTrack, atMs: number): FaultAt {
  return { track, state: track.state.at(atMs) ?? '', acts: actsAt(track, atMs) };
}

function actsAt(track: FaultTrack, atMs: number): FaultAt['acts'] {
  const { injectedAtMs, healedAtMs, proof, plannedFromMs, plannedToMs } = track;
  if (injectedAtMs !== undefined) {
    return atMs >= injectedAtMs && atMs < (healedAtMs ?? Number.POSITIVE_INFINITY) ? 'yes' : 'no';
  }
  // Once it was judged, a fault of which nobody has told is not taken for one that acted.
  const planned = proof === undefined && healedAtMs === undefined;
  return planned && atMs >= plannedFromMs && atMs < plannedToMs ? 'by plan' : 'no';
}
