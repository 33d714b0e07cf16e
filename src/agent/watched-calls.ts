import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Logger } from '../log.js';
import type { Call, CallHead, CallSink, CallTarget } from '../rpc/call.js';
import { WatchedCall } from '../rpc/watched-call.js';

/** Latencies worth telling apart, in seconds. */
const latencyBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

/** Passes calls on to a target, counts them and writes a log line for each when it ends. */
export class WatchedCalls implements CallTarget {
  readonly #target: CallTarget;
  readonly #log: Logger;
  readonly #ended: Counter<'status'>;
  readonly #open: Gauge;
  readonly #seconds: Histogram;

  constructor(target: CallTarget, log: Logger, metrics: Registry) {
    this.#target = target;
    this.#log = log;
    const registers = [metrics];
    this.#ended = new Counter({
      name: 'postern_agent_calls_total',
      help: 'Calls that the local servers got through this agent, by gRPC status',
      labelNames: ['status'],
      registers,
    });
    this.#open = new Gauge({
      name: 'postern_agent_calls_open',
      help: 'Calls that are open towards the local servers',
      registers,
    });
    this.#seconds = new Histogram({
      name: 'postern_agent_call_seconds',
      help: 'Time from the start of a call to its end',
      buckets: latencyBuckets,
      registers,
    });
  }

  open(head: CallHead, sink: CallSink): Call {
    this.#open.inc();
    const watched = new WatchedCall(sink, (status, message) => this.#over(head, watched, status, message));
    return watched.over(this.#target.open(head, watched));
  }

  #over(head: CallHead, watched: WatchedCall, status: number, message: string): void {
    const ms = performance.now() - watched.sinceMs;
    this.#open.dec();
    this.#ended.inc({ status });
    this.#seconds.observe(ms / 1000);
    if (!this.#log.isLevelEnabled('debug')) return;
    this.#log.debug(
      {
        path: head.path,
        caller: head.caller,
        status,
        ms: Math.round(ms * 10) / 10,
        ...(message && { message }),
      },
      'call',
    );
  }
}
