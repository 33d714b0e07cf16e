import type { Call, CallHead, CallReset, CallSink, CallTarget, RawMetadata } from '../rpc/call.js';
import { getMetadata } from '../rpc/metadata.js';
import { statusOfTrailers } from '../rpc/status.js';
import { tracestateOf, withTraceparent } from './context.js';
import type { CallSpan, Tracing } from './tracing.js';

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
    const traced = new TracedCall(sink, span, this.#facts);
    return traced.over(this.#target.open(told, traced));
  }
}

/** One call, seen from both sides: whichever ends it, its span ends once. */
class TracedCall implements CallSink, Call {
  readonly #sink: CallSink;
  readonly #facts: () => ServerFacts;
  #span: CallSpan | undefined;
  #call: Call | undefined;

  constructor(sink: CallSink, span: CallSpan, facts: () => ServerFacts) {
    this.#sink = sink;
    this.#span = span;
    this.#facts = facts;
  }

  over(call: Call): Call {
    this.#call = call;
    return this;
  }

  head(metadata: RawMetadata): void {
    this.#sink.head(metadata);
  }

  data(chunk: Uint8Array): void {
    this.#sink.data(chunk);
  }

  trailers(metadata: RawMetadata): void {
    this.#end(statusOfTrailers(metadata), '');
    this.#sink.trailers(metadata);
  }

  reset(reset: CallReset): void {
    this.#end(reset.status, reset.message);
    this.#sink.reset(reset);
  }

  drain(): void {
    this.#sink.drain();
  }

  write(chunk: Uint8Array): boolean {
    return this.#call?.write(chunk) ?? false;
  }

  end(): void {
    this.#call?.end();
  }

  cancel(reset: CallReset): void {
    this.#end(reset.status, reset.message);
    this.#call?.cancel(reset);
  }

  consumed(bytes: number): void {
    this.#call?.consumed(bytes);
  }

  #end(status: number, message: string): void {
    const span = this.#span;
    this.#span = undefined;
    if (span === undefined) return;
    const { node, instance } = this.#facts();
    span.end({ status, message, node, instance });
  }
}
