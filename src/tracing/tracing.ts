/** What a span of a call begins with. */
export interface SpanStart {
  /** `server`: the call came in here; `client`: it is passed on to a server. */
  readonly kind: 'server' | 'client';
  /** `/package.Service/Method`, or the path of a forward. */
  readonly path: string;
  /** `traceparent` of whoever is above in the trace; undefined, or not valid: the trace begins here. */
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
}

/** What is known when a call is over. */
export interface SpanEnd {
  /** gRPC status. */
  readonly status: number;
  /** Why it is not OK, or ''. */
  readonly message: string;
  readonly node?: string | undefined;
  readonly instance?: string | undefined;
  /** Verified name of who calls. */
  readonly caller?: string | undefined;
  /** Stable code of a refusal, such as `NODE_OFFLINE`. */
  readonly code?: string | undefined;
}

/** One call in a trace, from its beginning to its end. */
export interface CallSpan {
  readonly traceId: string;
  /** For whoever is below in the trace. */
  readonly traceparent: string;
  /** False: nobody will see it, and whoever is below stands below whoever is above. */
  readonly recording: boolean;
  /** Once. */
  end(end: SpanEnd): void;
}

/** Spans of the calls of this process, on their way to a collector. Nothing here throws, waits or keeps a call up. */
export interface Tracing {
  begin(start: SpanStart): CallSpan;
  /** Spans that ended here, that a collector has taken, and that none took. */
  readonly counts: SpanCounts;
  /** Sends what is left, for a few seconds at most. */
  stop(): Promise<void>;
}

/** How many spans; those that were neither taken nor lost wait, or found the queue full. */
export interface SpanCounts {
  ended: number;
  taken: number;
  lost: number;
}
