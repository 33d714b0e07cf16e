import type { MethodSummary } from '../../bus/call-summary.js';
import { statusCodes } from '../../bus/call-summary.js';
import { bucketOf, latencyBuckets } from '../../latency-buckets.js';
import type { CallResult } from '../../wire/serve-call.js';
import type { OpenCall } from '../call-stats.js';

/** gRPC status UNKNOWN. */
const unknown = 2;

/** What is counted of one method of one node since it was told last. */
export class MethodRow {
  readonly node: string;
  readonly method: string;
  /** The node has answered a call of it with OK: it is no invention of a caller. */
  proven = false;
  /** The round in which it last had a call. */
  usedIn = -1;
  calls = 0;
  /** Failed calls that were noted. */
  noted = 0;
  slowestMs = -1;
  slowest: OpenCall | undefined;
  slowestResult: CallResult | undefined;
  readonly #ended = new Uint32Array(statusCodes);
  readonly #buckets = new Uint32Array(latencyBuckets);
  #ms = 0;
  #in = 0;
  #out = 0;

  constructor(node: string, method: string) {
    this.node = node;
    this.method = method;
  }

  /** A call has ended. */
  count(call: OpenCall, result: CallResult, ms: number): void {
    const { status } = result;
    const code = status < statusCodes ? status : unknown;
    const bucket = bucketOf(ms);
    this.calls++;
    this.#ended[code] = (this.#ended[code] ?? 0) + 1;
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#ms += ms;
    this.#in += result.requestBytes;
    this.#out += result.responseBytes;
    if (ms <= this.slowestMs) return;
    this.slowestMs = ms;
    this.slowest = call;
    this.slowestResult = result;
  }

  /** Tells what was counted, and begins anew. */
  take(): MethodSummary {
    const { node, method } = this;
    const summary: MethodSummary = {
      node,
      method,
      ended: inTurn(this.#ended),
      buckets: inTurn(this.#buckets),
      ms: Math.round(this.#ms * 1000) / 1000,
      in: this.#in,
      out: this.#out,
    };
    this.calls = 0;
    this.noted = 0;
    this.slowestMs = -1;
    this.slowest = undefined;
    this.slowestResult = undefined;
    this.#ended.fill(0);
    this.#buckets.fill(0);
    this.#ms = 0;
    this.#in = 0;
    this.#out = 0;
    return summary;
  }
}

/** Index and count in turn, of those that are not 0. */
function inTurn(counts: Uint32Array): number[] {
  const pairs: number[] = [];
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i] ?? 0;
    if (count > 0) pairs.push(i, count);
  }
  return pairs;
}
