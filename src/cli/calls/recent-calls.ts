import { isFailure } from '../../failed-status.js';
import type { MethodCalls, WatchCallsResponse } from '../../gen/postern/v1/inspector.js';
import { latencyBuckets, quantileMs } from '../../latency-buckets.js';
import { statusNames } from '../../rpc/status.js';

/** Calls of so long are counted together, in seconds. */
export const windowSeconds = 60;

/** The calls of one method of one node within some time. */
export interface MethodCount {
  readonly node: string;
  /** `pkg.Service/Method`; '' for those that hubs do not tell one by one. */
  readonly method: string;
  readonly calls: number;
  readonly perSecond: number;
  /** Ended with neither OK nor CANCELLED. */
  readonly failed: number;
  /** Milliseconds that half, 95 % and 99 % of them did not exceed. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** How many ended, by the name of the gRPC status. */
  readonly ended: Readonly<Record<string, number>>;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** What was told of the calls of the last minute. */
export class RecentCalls {
  #seconds: { readonly atMs: number; readonly methods: readonly MethodCalls[] }[] = [];

  add({ atMs, methods }: WatchCallsResponse): void {
    if (methods.length > 0) this.#seconds.push({ atMs, methods });
  }

  /** Those that had calls within the minute before `nowMs`, the most called first. */
  counts(nowMs: number): MethodCount[] {
    this.#seconds = this.#seconds.filter(({ atMs }) => atMs > nowMs - windowSeconds * 1000);
    const methods = this.#seconds.flatMap((second) => second.methods);
    return countMethods(methods, windowSeconds).sort((a, b) => b.calls - a.calls || order(a, b));
  }
}

/** Adds up what was told of each method within so many seconds. */
export function countMethods(told: readonly MethodCalls[], seconds: number): MethodCount[] {
  const sums = new Map<string, Sum>();
  for (const one of told) {
    const key = `${one.node} ${one.method}`;
    const sum = sums.get(key) ?? new Sum(one.node, one.method);
    sums.set(key, sum);
    sum.add(one);
  }
  return [...sums.values()].map((sum) => sum.count(seconds));
}

/** The calls of one method, as they are added up. */
class Sum {
  readonly #node: string;
  readonly #method: string;
  readonly #ended: Record<string, number> = {};
  readonly #buckets = new Uint32Array(latencyBuckets);
  #calls = 0;
  #failed = 0;
  #requestBytes = 0;
  #responseBytes = 0;

  constructor(node: string, method: string) {
    this.#node = node;
    this.#method = method;
  }

  add({ ended, buckets, requestBytes, responseBytes }: MethodCalls): void {
    for (const [status, count] of Object.entries(ended)) {
      const name = statusNames[Number(status)] ?? 'UNKNOWN';
      this.#ended[name] = (this.#ended[name] ?? 0) + count;
      this.#calls += count;
      if (isFailure(Number(status))) this.#failed += count;
    }
    buckets.forEach((count, i) => {
      if (i < latencyBuckets) this.#buckets[i] = (this.#buckets[i] ?? 0) + count;
    });
    this.#requestBytes += requestBytes;
    this.#responseBytes += responseBytes;
  }

  count(seconds: number): MethodCount {
    const at = (q: number): number => Math.round((quantileMs(this.#buckets, q) ?? 0) * 1000) / 1000;
    return {
      node: this.#node,
      method: this.#method,
      calls: this.#calls,
      perSecond: Math.round((this.#calls / seconds) * 100) / 100,
      failed: this.#failed,
      p50Ms: at(0.5),
      p95Ms: at(0.95),
      p99Ms: at(0.99),
      ended: this.#ended,
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
    };
  }
}

function order(a: MethodCount, b: MethodCount): number {
  return `${a.node} ${a.method}` < `${b.node} ${b.method}` ? -1 : 1;
}
