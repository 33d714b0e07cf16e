import type { Counts, Quantiles, Trouble } from '../../../src/controller/judging/judgement.js';

/** One message on its way to one receiver, as a made run has it. */
export interface MadeDelivery {
  readonly sender: string;
  readonly receiver: string;
  readonly seq: number;
  readonly sentAtMs: number;
  readonly latencyMs: number;
  readonly trouble?: Trouble;
}

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const noCounts: Counts = {
  scheduled: 0,
  ok: 0,
  fail: 0,
  info: 0,
  skipped: 0,
  expected: 0,
  delivered: 0,
  late: 0,
  excused: 0,
  lost: 0,
  vanished: 0,
  duplicated: 0,
  replayed: 0,
  reordered: 0,
  displacement: 0,
  recovered: 0,
  unexpected: 0,
  corrupt: 0,
  unknown: 0,
};

/** Troubles of messages that never come. */
export const neverCame = new Set<Trouble | undefined>(['lost', 'unknown']);

/** What these deliveries, all of them acknowledged sends, count to. */
export function countsOf(deliveries: readonly MadeDelivery[], lateAfterMs: number): Counts {
  const counts: { -readonly [K in keyof Counts]: number } = { ...noCounts };
  for (const { trouble, latencyMs } of deliveries) {
    counts.scheduled += 1;
    counts.ok += 1;
    counts.expected += 1;
    if (trouble !== undefined) counts[trouble] += 1;
    if (trouble === 'reordered') counts.displacement = Math.max(counts.displacement, 2);
    if (neverCame.has(trouble)) continue;
    counts.delivered += 1;
    if (latencyMs > lateAfterMs && trouble !== 'late') counts.excused += 1;
  }
  return counts;
}

/** Sums; of displacements the greatest. */
export function sumOf(all: readonly Counts[]): Counts {
  const sum: { -readonly [K in keyof Counts]: number } = { ...noCounts };
  for (const counts of all) {
    for (const key of keysOf(counts)) {
      sum[key] = key === 'displacement' ? Math.max(sum[key], counts[key]) : sum[key] + counts[key];
    }
  }
  return sum;
}

function keysOf(counts: Counts): (keyof Counts)[] {
  const keys: (keyof Counts)[] = [];
  for (const key in counts) if (isKey(key, counts)) keys.push(key);
  return keys;
}

function isKey(key: string, counts: Counts): key is keyof Counts {
  return key in counts;
}

/** Nearest ranks; undefined for nothing. */
export function quantilesOf(values: readonly number[]): Quantiles | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.ceil(part * sorted.length) - 1] ?? 0;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
