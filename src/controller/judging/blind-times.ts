import type { BlindCause, BlindTime } from './blind-time.js';
import type { Clocks } from './clocks.js';
import type { ActedFault } from './faults.js';
import type { Interval, RunFacts } from './judgement.js';
import type { Witness } from './witness.js';

/** So many spans of a node are told. */
const mostSpans = 100;

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly cause: BlindCause;
}

/** What tells of it. */
export interface BlindEvidence {
  readonly facts: RunFacts;
  readonly faults: readonly ActedFault[];
  readonly clocks: Clocks;
  readonly witnesses: readonly Witness[];
}

/** When nobody could know of each node, within the time of the run; nodes that could be seen all the time are left out. */
export function blindTimes(evidence: BlindEvidence, intervals: readonly Interval[]): BlindTime[] {
  const { startedAtMs, endedAtMs, plan } = evidence.facts;
  return plan.nodes.flatMap((node) => {
    const spans = [
      ...toldBy(node, intervals),
      ...cutBy(node, evidence.faults),
      ...unrecorded(node, evidence),
    ].flatMap(({ fromMs, toMs, cause }): Span[] => {
      const [from, to] = [Math.max(fromMs, startedAtMs), Math.min(toMs, endedAtMs)];
      return to > from ? [{ fromMs: from, toMs: to, cause }] : [];
    });
    if (spans.length === 0) return [];
    const joined = joinedOf(spans);
    const lengths = joined.map(({ fromMs, toMs }) => toMs - fromMs);
    const never = joinedOf(spans.filter(({ cause }) => cause === 'records'));
    return [
      {
        node,
        ms: sum(lengths),
        longestMs: lengths.reduce((most, one) => Math.max(most, one), 0),
        neverMs: sum(never.map(({ fromMs, toMs }) => toMs - fromMs)),
        times: joined.length,
        spans: joined.slice(0, mostSpans),
      },
    ];
  });
}

/** The node's own word: its agent had no way to a hub, or there was no agent. */
function toldBy(node: string, intervals: readonly Interval[]): Span[] {
  return intervals
    .filter((one) => one.node === node && one.what === 'hub')
    .map(({ fromMs, toMs = Number.POSITIVE_INFINITY }) => ({ fromMs, toMs, cause: 'hub' }));
}

/** Kinds of faults through which nothing passes. */
const cutting: ReadonlySet<string> = new Set(['link', 'partition', 'interface', 'reset', 'stall']);

/** Faults that lay between the agent and its hub, from when they acted. */
function cutBy(node: string, faults: readonly ActedFault[]): Span[] {
  return faults.flatMap(({ planned, fromMs, toMs }): Span[] => {
    const { kind, shape } = planned;
    const isCut = cutting.has(kind) || (kind === 'loss' && shape.share === 1);
    if (planned.node !== node || !isCut || shape.scope === 'daemon' || shape.from.length > 0) return [];
    return [{ fromMs, toMs, cause: 'fault' }];
  });
}

/** From its last record on, where none of its journals of the last phase reaches to the end of its test. */
function unrecorded(node: string, { facts, clocks, witnesses }: BlindEvidence): Span[] {
  const phase = facts.t0.main === undefined ? 'control' : 'main';
  const beganAt = facts.t0[phase];
  const own = witnesses.filter((one) => one.node === node && one.test.planned.phase === phase);
  if (beganAt === undefined || own.length === 0) return [];
  if (own.some((one) => one.journals > 0 && !one.troubles().has('unfinished'))) return [];
  const last = own.reduce((most, { lastAt }) => Math.max(most, lastAt ?? 0), 0);
  const fromMs = last === 0 ? beganAt : last + clocks.offset(node);
  return [{ fromMs, toMs: Number.POSITIVE_INFINITY, cause: 'records' }];
}

/** Spans that meet made one, with all their causes, in order of time. */
function joinedOf(spans: readonly Span[]): BlindTime['spans'] {
  const joined: { fromMs: number; toMs: number; causes: BlindCause[] }[] = [];
  for (const { fromMs, toMs, cause } of [...spans].sort((one, other) => one.fromMs - other.fromMs)) {
    const last = joined.at(-1);
    if (last === undefined || fromMs > last.toMs) {
      joined.push({ fromMs, toMs, causes: [cause] });
      continue;
    }
    last.toMs = Math.max(last.toMs, toMs);
    if (!last.causes.includes(cause)) last.causes.push(cause);
  }
  return joined;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}
