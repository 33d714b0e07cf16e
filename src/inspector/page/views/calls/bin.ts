import { latencyBuckets } from '../../../../latency-buckets.js';

/** Calls that ended within some time, counted. */
export interface Bin {
  calls: number;
  failed: number;
  /** By gRPC status. */
  readonly ended: Map<number, number>;
  /** By how long they took, see `latency-buckets`. */
  readonly buckets: Uint32Array;
  totalMs: number;
  requestBytes: number;
  responseBytes: number;
}

/** Of no calls. */
export function noCalls(): Bin {
  return {
    calls: 0,
    failed: 0,
    ended: new Map(),
    buckets: new Uint32Array(latencyBuckets),
    totalMs: 0,
    requestBytes: 0,
    responseBytes: 0,
  };
}

/** Counts `more` in `bin`. */
export function addTo(bin: Bin, more: Bin): void {
  bin.calls += more.calls;
  bin.failed += more.failed;
  for (const [status, count] of more.ended) bin.ended.set(status, (bin.ended.get(status) ?? 0) + count);
  for (let i = 0; i < more.buckets.length; i++) {
    const count = more.buckets[i] ?? 0;
    if (count > 0) bin.buckets[i] = (bin.buckets[i] ?? 0) + count;
  }
  bin.totalMs += more.totalMs;
  bin.requestBytes += more.requestBytes;
  bin.responseBytes += more.responseBytes;
}
