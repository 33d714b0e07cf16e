import type { CallSummary, MethodSummary, NotableSummary } from '../../bus/call-summary.js';
import { isFailure } from '../../failed-status.js';
import type { MethodCalls, NotableCall, WatchCallsResponse } from '../../gen/postern/v1/inspector.js';
import { latencyBuckets } from '../../latency-buckets.js';

/** What one answer holds at most: methods, and calls that are worth a look. */
const [mostMethods, mostNotable] = [4_096, 64];
/** So long after a second has ended what hubs tell of it is waited for, in milliseconds. */
const waitMs = 700;
/** Where a clock goes wrong it is waited between the first and the second. */
const [leastWaitMs, mostWaitMs] = [50, 1_500];

/** A second, as far as it was heard of. */
interface Second {
  readonly methods: Map<string, MethodCalls>;
  notable: NotableCall[];
  more: boolean;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Joins what hubs tell of the same second, and gives it out when all have had time to tell. What comes later is given out
 * as well, as more of that second.
 */
export class Seconds {
  readonly #seconds = new Map<number, Second>();
  readonly #wanted: (node: string) => boolean;
  readonly #give: (second: WatchCallsResponse) => void;
  #live = false;

  /** @param wanted whether a node's calls are to be given out. */
  constructor(wanted: (node: string) => boolean, give: (second: WatchCallsResponse) => void) {
    this.#wanted = wanted;
    this.#give = give;
  }

  /** A hub tells. */
  add({ hub, at, methods, more = false, notable = [] }: CallSummary): void {
    const second = this.#seconds.get(at) ?? this.#begin(at);
    second.more ||= more;
    for (const one of methods) {
      if (!this.#wanted(one.node)) continue;
      const key = `${one.node} ${one.method}`;
      const known = second.methods.get(key);
      if (known !== undefined) addTo(known, one);
      else if (second.methods.size >= mostMethods) second.more = true;
      else second.methods.set(key, addTo(none(one.node, one.method), one));
    }
    for (const call of notable) if (this.#wanted(call.node)) second.notable.push(shownCall(hub, call));
    if (second.notable.length > mostNotable) second.notable = foremost(second.notable);
  }

  /** What was kept is there: gives it out, and from now on each second in its time. */
  live(): void {
    this.#live = true;
    for (const at of [...this.#seconds.keys()].sort((a, b) => a - b)) this.#over(at);
  }

  stop(): void {
    for (const { timer } of this.#seconds.values()) clearTimeout(timer);
    this.#seconds.clear();
  }

  #begin(at: number): Second {
    const second: Second = { methods: new Map(), notable: [], more: false, timer: undefined };
    this.#seconds.set(at, second);
    if (this.#live) {
      const wait = Math.min(mostWaitMs, Math.max(leastWaitMs, at + waitMs - Date.now()));
      second.timer = setTimeout(() => this.#over(at), wait).unref();
    }
    return second;
  }

  #over(at: number): void {
    const second = this.#seconds.get(at);
    this.#seconds.delete(at);
    if (second === undefined || second.methods.size + second.notable.length === 0) return;
    const { methods, more, notable } = second;
    this.#give({ atMs: at, methods: [...methods.values()], more, notable });
  }
}

function none(node: string, method: string): MethodCalls {
  return { node, method, ended: {}, buckets: [], totalMs: 0, requestBytes: 0, responseBytes: 0 };
}

function addTo(known: MethodCalls, { ended, buckets, ms, in: requests, out }: MethodSummary): MethodCalls {
  for (let i = 0; i + 1 < ended.length; i += 2) {
    const status = ended[i] ?? 0;
    known.ended[status] = (known.ended[status] ?? 0) + (ended[i + 1] ?? 0);
  }
  for (let i = 0; i + 1 < buckets.length; i += 2) {
    const bucket = buckets[i] ?? 0;
    if (bucket >= latencyBuckets) continue;
    while (known.buckets.length <= bucket) known.buckets.push(0);
    known.buckets[bucket] = (known.buckets[bucket] ?? 0) + (buckets[i + 1] ?? 0);
  }
  known.totalMs += ms;
  known.requestBytes += requests;
  known.responseBytes += out;
  return known;
}

/** Half of them the slowest, the others such as failed. */
function foremost(calls: readonly NotableCall[]): NotableCall[] {
  const slow = calls.toSorted((a, b) => b.totalMs - a.totalMs).slice(0, mostNotable / 2);
  const failed = calls
    .filter((call) => isFailure(call.status) && !slow.includes(call))
    .slice(0, mostNotable / 2);
  return [...slow, ...failed];
}

function shownCall(hub: string, told: NotableSummary): NotableCall {
  const { call, node, method, at, code, reason, caller, instance, trace, ms, agentMs, serverMs } = told;
  return {
    call: `${hub}-${call}`,
    node,
    method,
    atMs: at,
    status: code,
    message: reason ?? '',
    caller: caller ?? '',
    instance: instance ?? '',
    trace: trace ?? '',
    totalMs: ms,
    agentMs,
    serverMs,
    requestBytes: told.in,
    responseBytes: told.out,
  };
}
