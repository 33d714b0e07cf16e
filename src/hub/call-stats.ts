import type { Identity } from '../auth/identity.js';
import type { Logger } from '../log.js';
import type { Placed, RawMetadata } from '../rpc/call.js';
import { statusNames } from '../rpc/status.js';
import { traceOf } from '../tracing/context.js';
import type { CallSpan } from '../tracing/tracing.js';
import type { CallResult, ServeHooks } from '../wire/serve-call.js';
import type { NodeView } from './node-view.js';

/** Somebody who looks on at calls to nodes, and at refusals. Must be quick, and must not throw. */
export interface CallWatch {
  begun(call: OpenCall): void;
  ended(call: OpenCall, node: string, result: CallResult, seconds: number): void;
  /** `node` is what the caller has named, undefined where that is not known; `code` tells programs why. */
  refused(
    node: string | undefined,
    path: string,
    caller: string | undefined,
    status: number,
    code: string,
  ): void;
}

/** Counts calls and writes one log line for each. */
export class CallStats {
  /** Calls that are open now. */
  inFlight = 0;
  /** Bytes of all calls that ended. */
  requestBytes = 0;
  responseBytes = 0;
  /** Calls to the hub itself, or refused before a node was found: how many ended, by status. */
  readonly ended = new Map<number, number>();
  readonly #log: Logger;
  readonly #observe: (seconds: number) => void;
  readonly #watch: CallWatch;
  readonly #tally: Pick<CallWatch, 'ended'>;
  #started = 0;

  /** `observe` is told how long each served call took, `tally` of the ends of those to nodes. */
  constructor(
    log: Logger,
    observe: (seconds: number) => void,
    watch: CallWatch,
    tally: Pick<CallWatch, 'ended'>,
  ) {
    this.#log = log;
    this.#observe = observe;
    this.#watch = watch;
    this.#tally = tally;
  }

  /** A call begins, with a span or without; its end is to be told to what is returned. */
  begin(
    view: NodeView | undefined,
    path: string,
    caller: string,
    metadata: RawMetadata,
    span?: CallSpan,
  ): OpenCall {
    this.inFlight++;
    this.#started++;
    const trace = view === undefined ? undefined : (span?.traceId ?? traceOf(metadata));
    const call = new OpenCall(this, { id: this.#started, view, path, caller, trace, span });
    if (view !== undefined) this.#watch.begun(call);
    return call;
  }

  /** A call was refused by the front door. */
  refused(
    node: string | undefined,
    path: string,
    identity: Identity | undefined,
    status: number,
    code: string,
  ): void {
    count(this.ended, status);
    this.#watch.refused(node, path, identity?.subject, status, code);
    this.#log.info(
      { node, path: path.slice(0, 256), caller: identity?.subject, status: statusNames[status], code },
      'call refused',
    );
  }

  /** For the open call alone. */
  finished(call: OpenCall, result: CallResult): void {
    const seconds = (performance.now() - call.startedAt) / 1000;
    this.inFlight--;
    this.requestBytes += result.requestBytes;
    this.responseBytes += result.responseBytes;
    count(call.view?.ended ?? this.ended, result.status);
    this.#observe(seconds);
    if (call.span?.recording === true) endSpan(call, call.span, result);
    if (call.view !== undefined) {
      this.#watch.ended(call, call.view.name, result, seconds);
      this.#tally.ended(call, call.view.name, result, seconds);
    }
    const level = result.made ? 'info' : 'debug';
    if (!this.#log.isLevelEnabled(level)) return;
    this.#log[level](
      {
        call: call.id,
        node: call.view?.name,
        path: call.path,
        caller: call.caller,
        status: statusNames[result.status] ?? result.status,
        reason: result.message === '' ? undefined : result.message,
        ms: Math.round(seconds * 1e6) / 1e3,
        requestBytes: result.requestBytes,
        responseBytes: result.responseBytes,
      },
      'call',
    );
  }
}

function endSpan(
  { view, instance, caller }: OpenCall,
  span: CallSpan,
  { status, message }: CallResult,
): void {
  span.end({ status, message, node: view?.name, instance, caller });
}

function count(counts: Map<number, number>, status: number): void {
  counts.set(status, (counts.get(status) ?? 0) + 1);
}

/** One call, from its beginning to its end. */
export class OpenCall implements ServeHooks, Placed {
  readonly startedAt = performance.now();
  /** Number among the calls of this hub. */
  readonly id: number;
  readonly view: NodeView | undefined;
  readonly path: string;
  readonly caller: string;
  /** Trace id that the caller sent, or that of its span. */
  readonly trace: string | undefined;
  readonly span: CallSpan | undefined;
  instance: string | undefined = undefined;
  calleeMs: number | undefined = undefined;
  serverMs: number | undefined = undefined;
  /** Set when it was told that it is open. */
  told: true | undefined = undefined;
  /** Its neighbours in a list of open calls. */
  earlier: OpenCall | undefined = undefined;
  later: OpenCall | undefined = undefined;
  readonly #stats: CallStats;

  constructor(stats: CallStats, call: Pick<OpenCall, 'id' | 'view' | 'path' | 'caller' | 'trace' | 'span'>) {
    this.#stats = stats;
    this.id = call.id;
    this.view = call.view;
    this.path = call.path;
    this.caller = call.caller;
    this.trace = call.trace;
    this.span = call.span;
  }

  ended(result: CallResult): void {
    this.#stats.finished(this, result);
  }
}
