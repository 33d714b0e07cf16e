import type { Counts } from '../judging/judgement.js';

/**
 * Counts of several pairs together. What a sender sent towards several receivers is in each of its pairs: sum up pairs of
 * one receiver, or of senders without one. Of displacements it is the greatest.
 */
export function sumOf(all: readonly Counts[]): Counts {
  const sum = (key: keyof Counts): number => all.reduce((total, counts) => total + counts[key], 0);
  return {
    scheduled: sum('scheduled'),
    ok: sum('ok'),
    fail: sum('fail'),
    info: sum('info'),
    skipped: sum('skipped'),
    expected: sum('expected'),
    delivered: sum('delivered'),
    late: sum('late'),
    excused: sum('excused'),
    lost: sum('lost'),
    vanished: sum('vanished'),
    duplicated: sum('duplicated'),
    replayed: sum('replayed'),
    reordered: sum('reordered'),
    displacement: all.reduce((most, { displacement }) => Math.max(most, displacement), 0),
    recovered: sum('recovered'),
    unexpected: sum('unexpected'),
    corrupt: sum('corrupt'),
    unknown: sum('unknown'),
  };
}
