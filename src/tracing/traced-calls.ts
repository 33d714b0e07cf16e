import type { Call, CallHead, CallSink, CallTarget } from '../rpc/call.js';
import { getMetadata } from '../rpc/metadata.js';
import { WatchedCall } from '../rpc/watched-call.js';
import { tracestateOf, withTraceparent } from './context.js';
import type { Tracing } from './tracing.js';

/** What the spans of calls to a server say beside what the call says. */
export interface ServerFacts {
  readonly node?: string | undefined;
  readonly instance?: string | undefined;
}

/** The target itself where no spans are made, so that nothing is in the way of calls then. */
export function tracedCalls(
  target: CallTarget,
  tracing: Tracing | undefined,
  facts: () => ServerFacts,
): CallTarget {
  return tracing === undefined ? target : new TracedCalls(target, tracing, facts);
}

/**
 * Passes calls on to a server, each with a span, and tells the server in `traceparent` that this span is above it. A
 * call that is not recorded passes with the context it came with.
 */
export class TracedCalls implements CallTarget {
  readonly #target: CallTarget;
  readonly #tracing: Tracing;
  readonly #facts: () => ServerFacts;

  constructor(target: CallTarget, tracing: Tracing, facts: () => ServerFacts) {
    this.#target = target;
    this.#tracing = tracing;
    this.#facts = facts;
  }

  open(head: CallHead, sink: CallSink): Call {
    const { path, metadata } = head;
    const span = this.#tracing.begin({
      kind: 'client',
      path,
      traceparent: head.traceparent ?? getMetadata(metadata, 'traceparent'),
      tracestate: tracestateOf(metadata),
    });
    if (!span.recording && head.traceparent === undefined) return this.#target.open(head, sink);
    const told = { ...head, metadata: withTraceparent(metadata, span.traceparent) };
    if (!span.recording) return this.#target.open(told, sink);
    const watched = new WatchedCall(sink, (status, message) => {
      const { node, instance } = this.#facts();
      span.end({ status, message, node, instance });
    });
    return watched.over(this.#target.open(told, watched));
  }
}
