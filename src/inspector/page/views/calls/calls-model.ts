import { signal } from '@preact/signals';
import { isFailure } from '../../../../failed-status.js';
import type {
  MethodCalls,
  NotableCall,
  WatchCallsResponse,
} from '../../../../gen/web/postern/v1/inspector_pb.js';
import { latencyBuckets } from '../../../../latency-buckets.js';
import { addTo, type Bin, noCalls } from './bin.js';

/** So long the calls of a second are kept, in seconds. */
export const keptSeconds = 300;
/** Where there are more methods than this, only what hubs keep themselves is kept. */
const manyMethods = 1_000;
/** So many calls that are worth a look are kept, the latest. */
const mostNotable = 500;
/** The hub tells of the time before the page was opened, in milliseconds. */
const toldBeforeMs = 60_000;

/** A method of a node, with its calls by the second in which they ended (Unix time in seconds). */
export interface MethodSeconds {
  readonly key: string;
  readonly node: string;
  /** `pkg.Service/Method`; '' for all that the hub does not tell one by one. */
  readonly method: string;
  readonly seconds: Map<number, Bin>;
}

/** What was told of calls in the last minutes. */
export class CallsModel {
  /** Raised by each change. */
  readonly version = signal(0);
  readonly methods = new Map<string, MethodSeconds>();
  /** By id, the oldest first. */
  readonly notable = new Map<string, NotableCall>();
  /** What is known begins here, Unix time in seconds. */
  sinceSeconds = Number.POSITIVE_INFINITY;
  /** Not all methods were told of in the last second. */
  more = false;

  readonly take = (responses: readonly WatchCallsResponse[], anew: boolean): void => {
    if (anew) {
      // The last minute comes again; what was before it stays.
      const from = Date.now() / 1000 - toldBeforeMs / 1000;
      for (const { seconds } of this.methods.values()) {
        for (const second of seconds.keys()) if (second >= from) seconds.delete(second);
      }
      this.sinceSeconds = Math.min(this.sinceSeconds, Math.floor(from));
    }
    for (const { atMs, methods, notable, more } of responses) {
      const second = Math.round(atMs / 1000);
      for (const one of methods) this.#add(second, one);
      if (methods.length > 0) this.more = more;
      for (const call of notable) {
        this.notable.delete(call.call);
        this.notable.set(call.call, call);
      }
    }
    for (const id of this.notable.keys()) {
      if (this.notable.size <= mostNotable) break;
      this.notable.delete(id);
    }
    const kept = this.methods.size > manyMethods ? toldBeforeMs / 1000 : keptSeconds;
    this.#forget(Date.now() / 1000 - kept);
    this.version.value++;
  };

  #add(second: number, calls: MethodCalls): void {
    const { node, method } = calls;
    const key = `${node}/${method}`;
    let of = this.methods.get(key);
    if (of === undefined) {
      of = { key, node, method, seconds: new Map() };
      this.methods.set(key, of);
    }
    const known = of.seconds.get(second);
    const told = binOf(calls);
    if (known === undefined) of.seconds.set(second, told);
    else {
      const both = noCalls();
      addTo(both, known);
      addTo(both, told);
      of.seconds.set(second, both);
    }
  }

  #forget(before: number): void {
    for (const [key, { seconds }] of this.methods) {
      for (const second of seconds.keys()) if (second < before) seconds.delete(second);
      if (seconds.size === 0) this.methods.delete(key);
    }
  }
}

function binOf({ ended, buckets, totalMs, requestBytes, responseBytes }: MethodCalls): Bin {
  const bin = {
    calls: 0,
    failed: 0,
    ended: new Map<number, number>(),
    // as long as there are any: there are many of these
    buckets: Uint32Array.from(buckets.slice(0, latencyBuckets)),
    totalMs,
    requestBytes: Number(requestBytes),
    responseBytes: Number(responseBytes),
  };
  for (const [status, count] of Object.entries(ended)) {
    bin.calls += Number(count);
    if (isFailure(Number(status))) bin.failed += Number(count);
    bin.ended.set(Number(status), Number(count));
  }
  return bin;
}
