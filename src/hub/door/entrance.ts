import type { Identity } from '../../auth/identity.js';
import { allowedTimeoutMs } from '../../auth/policy.js';
import type { CallHead, CallTarget, RawMetadata } from '../../rpc/call.js';
import { servedSpan, traceparentBelow } from '../../tracing/served-span.js';
import { tracedCalls } from '../../tracing/traced-calls.js';
import type { Tracing } from '../../tracing/tracing.js';
import type { CallResult, ServeHooks } from '../../wire/serve-call.js';
import type { CallStats, OpenCall } from '../call-stats.js';
import { LimitedTarget } from '../limits/limited-call.js';
import type { Limiter } from '../limits/limiter.js';
import type { Meter } from '../limits/meter.js';
import type { NodeView } from '../node-view.js';
import type { RowCalls } from '../routes/service.js';
import { HeldCall, type OpenCalls } from './open-calls.js';
import type { DoorRefusal } from './refusal.js';

const noFacts = {};

/** Where a call may go, that was allowed to. */
export interface Passage {
  readonly head: Omit<CallHead, 'caller'>;
  readonly target: CallTarget;
  /** The node that it goes to. */
  readonly view: NodeView | undefined;
  /** The row of the table that has led there. */
  readonly row: RowCalls | undefined;
}

/** Who asks. Exactly one of the two is called, once, at once or later; it must not throw. */
export interface Asker {
  /** The call may pass: it is to be played into `target`, and its end told to `hooks`, which count it as open. */
  serve(head: CallHead, target: CallTarget, hooks: ServeHooks): void;
  refuse(refusal: DoorRefusal): void;
}

/** Lets calls in that may pass, as many as their caller may make: counts, meters and holds them while they are open. */
export class Entrance {
  readonly #stats: CallStats;
  readonly #open: OpenCalls;
  readonly #limiter: Limiter;
  readonly #tracing: Tracing | undefined;

  constructor(options: {
    stats: CallStats;
    open: OpenCalls;
    limiter: Limiter;
    /** Makes spans of the calls to nodes and services, and of those that are refused. */
    tracing?: Tracing | undefined;
  }) {
    this.#stats = options.stats;
    this.#open = options.open;
    this.#limiter = options.limiter;
    this.#tracing = options.tracing;
  }

  /** `identity` undefined: nobody has shown a token, and none is needed. */
  enter(asker: Asker, identity: Identity | undefined, passage: Passage): void {
    const { head, view, row } = passage;
    const { path, authority, metadata, timeoutMs } = head;
    if (identity === undefined) {
      const placed = this.#begin(passage, '');
      const hooks = hooksOf(placed, row, undefined);
      const traceparent = traceparentBelow(placed.span, metadata);
      const told = { path, authority, metadata, timeoutMs, caller: '', placed, traceparent };
      asker.serve(told, this.#targetOf(passage), hooks);
      return;
    }
    const caller = identity.subject;
    const meter = this.#limiter.meterOf(identity);
    const refusal = meter?.begin(caller);
    if (refusal !== undefined) {
      this.refuse(asker, path, view?.name, identity, refusal, metadata);
      return;
    }
    const placed = this.#begin(passage, caller);
    const hooks = hooksOf(placed, row, meter);
    const open = this.#targetOf(passage);
    const target = meter === undefined ? open : new LimitedTarget(open, meter);
    const held = new HeldCall(this.#open, identity, target, hooks);
    const allowedMs = allowedTimeoutMs(identity, timeoutMs);
    const traceparent = traceparentBelow(placed.span, metadata);
    asker.serve({ path, authority, metadata, timeoutMs: allowedMs, caller, placed, traceparent }, held, held);
  }

  /** Counts it as open. The hub's own services are no part of anybody's trace. */
  #begin({ head: { path, metadata }, view, row }: Passage, caller: string): OpenCall {
    const own = view === undefined && row === undefined;
    const span = own ? undefined : servedSpan(this.#tracing, path, metadata);
    return this.#stats.begin(view, path, caller, metadata, span);
  }

  /** A service that the hub calls itself is told of the hub's span; nodes have agents for that. */
  #targetOf({ target, view, row }: Passage): CallTarget {
    if (view !== undefined || row === undefined) return target;
    return tracedCalls(target, this.#tracing, () => noFacts);
  }

  /**
   * Begins a request that is no call, or says why it must not. Its bytes are counted at its end: those of a caller who is
   * limited in bytes are then refused more until they are paid.
   */
  begin(identity: Identity | undefined, path: string, row: RowCalls): ServeHooks | DoorRefusal {
    if (identity === undefined) return hooksOf(this.#stats.begin(undefined, path, '', []), row, undefined);
    const meter = this.#limiter.meterOf(identity);
    const refusal = meter?.begin(identity.subject);
    if (refusal !== undefined) return refusal;
    const begun = hooksOf(this.#stats.begin(undefined, path, identity.subject, []), row, meter);
    if (meter === undefined) return begun;
    return {
      ended: (result) => {
        meter.passed(result.requestBytes + result.responseBytes);
        begun.ended(result);
      },
    };
  }

  /** Turns a call away, and counts it. */
  refuse(
    asker: Asker,
    path: string,
    node: string | undefined,
    identity: Identity | undefined,
    refusal: DoorRefusal,
    metadata: RawMetadata = [],
  ): void {
    const { status, message, code } = refusal;
    const caller = identity?.subject;
    servedSpan(this.#tracing, path, metadata)?.end({
      status,
      message,
      code,
      caller,
      node: node?.slice(0, 64),
    });
    this.#stats.refused(node?.slice(0, 64), path, identity, refusal.status, refusal.code);
    asker.refuse(refusal);
  }
}

/** Tells the row and the meter too when a call has ended. */
function hooksOf(begun: ServeHooks, row: RowCalls | undefined, meter: Meter | undefined): ServeHooks {
  if (row === undefined && meter === undefined) return begun;
  const rowOver = row?.begin();
  return {
    ended: (result: CallResult) => {
      rowOver?.();
      meter?.ended();
      begun.ended(result);
    },
  };
}
