/**
 * The seam between connections (`wire`) and calls on the bus (`rpc`): a call is a head, a byte stream each way
 * and trailers. Message bytes are never decoded.
 *
 * A `CallTarget` is anything that can take a call: a server behind HTTP/2, a node behind the bus, the hub itself.
 * The two sides of an open call talk through `Call` (towards the server) and `CallSink` (towards the client).
 * Exactly one of `trailers` and `reset` ends the sink, once; after it, nothing more is called on the sink, and every
 * method of the `Call` is a no-op. Nothing of the sink is called before `open` has returned.
 */

/** Header names and values in turn, lower-case names, order kept, without pseudo-headers: `[name, value, …]`. */
export type RawMetadata = readonly string[];

/** Hears how long a server took to answer. */
export interface Timed {
  /** From when it was sent the request's head until the first of the response, milliseconds; undefined: not known. */
  serverMs: number | undefined;
}

/** Hears which instance a call was given to, and where its time went; of the last one, where several were tried. */
export interface Placed extends Timed {
  instance: string | undefined;
  /** From the arrival of the call there until it had ended there, milliseconds; undefined: not known. */
  calleeMs: number | undefined;
}

/** What opens a call. */
export interface CallHead {
  /** `/package.Service/Method`, untouched. */
  readonly path: string;
  /** The `:authority` that the client sent, or ''. */
  readonly authority: string;
  /** Request metadata, hop-by-hop headers and `grpc-timeout` removed. */
  readonly metadata: RawMetadata;
  /** Milliseconds that remain for the call, > 0; undefined: no deadline. */
  readonly timeoutMs: number | undefined;
  /** Verified name of who calls, '' when unknown. */
  readonly caller: string;
  /** Where it stands in a trace, beside what the metadata say of that: W3C `traceparent`; undefined: as they say. */
  readonly traceparent?: string | undefined;
  /** Who wants to know where it goes; not passed on. */
  readonly placed?: Placed | undefined;
  /** Who wants to know how long the server takes; not passed on. */
  readonly timed?: Timed | undefined;
}

/** Why a call ended without trailers of the server. */
export interface CallReset {
  /** gRPC status code that the client shall see, 1–16. */
  readonly status: number;
  /** Text for `grpc-message`, not yet percent-encoded. */
  readonly message: string;
  /** True when it is certain that the server never saw the call, so that it may be tried elsewhere. */
  readonly refused: boolean;
  /** True when the call was cancelled or failed at the server or client, false when Postern or the network did. */
  readonly remote: boolean;
  /** Stable code for programs, where Postern has a better one than the name of the status, e.g. `SERVICE_OFFLINE`. */
  readonly code?: string;
}

/** The way back: what a target tells the side that opened a call. */
export interface CallSink {
  /** Response metadata. At most once, before any data; absent in a trailers-only response. */
  head(metadata: RawMetadata): void;
  /** Response bytes, to be given back with `Call.consumed` once they were passed on. */
  data(chunk: Uint8Array): void;
  /** The end: `grpc-status` and the rest. Without an earlier `head`, a trailers-only response. */
  trailers(metadata: RawMetadata): void;
  /** The end, without trailers. */
  reset(reset: CallReset): void;
  /** `write` may go on after it has returned false. */
  drain(): void;
}

/** The way there: an open call, as its opener holds it. */
export interface Call {
  /**
   * Passes request bytes on; the target owns `chunk` from now on. False: stop until `drain` (the chunk was taken all
   * the same).
   */
  write(chunk: Uint8Array): boolean;
  /** Half-close: no more request bytes. */
  end(): void;
  /** Ends the call at once; the sink hears no more. */
  cancel(reset: CallReset): void;
  /** Gives back credit for `bytes` of response data that the sink has passed on. */
  consumed(bytes: number): void;
}

/** Anything that can take calls. `open` never throws: a call that cannot be opened is reset through its sink, later. */
export interface CallTarget {
  open(head: CallHead, sink: CallSink): Call;
}
