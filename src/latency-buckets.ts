/** Where the first bucket ends, milliseconds. */
const firstMs = 0.05;
/** So many buckets double the time: the end of each is 19 % above that of the one before it. */
const perDoubling = 4;

/** How many buckets there are; the last one holds all from 2.4 hours on. */
export const latencyBuckets = 110;

/** The bucket of a call that took `ms` milliseconds, from 0. */
export function bucketOf(ms: number): number {
  if (!(ms >= firstMs)) return 0;
  return Math.min(latencyBuckets - 1, 1 + Math.floor(perDoubling * Math.log2(ms / firstMs)));
}

/** Milliseconds below which all calls of a bucket and of those before it took. */
export function bucketEndMs(bucket: number): number {
  return firstMs * 2 ** (bucket / perDoubling);
}

/**
 * The time in milliseconds that the fraction `q` of the calls did not exceed, by how many there are in each bucket: it lies
 * in the bucket of the right one. Undefined: there are none.
 */
export function quantileMs(counts: ArrayLike<number>, q: number): number | undefined {
  let all = 0;
  for (let i = 0; i < counts.length; i++) all += counts[i] ?? 0;
  if (all === 0) return undefined;
  const rank = Math.max(1, Math.ceil(q * all));
  let before = 0;
  for (let i = 0; i < counts.length; i++) {
    const here = counts[i] ?? 0;
    if (before + here >= rank) {
      const from = i === 0 ? 0 : bucketEndMs(i - 1);
      return from + ((rank - before - 0.5) / here) * (bucketEndMs(i) - from);
    }
    before += here;
  }
  return undefined;
}
