import type { CallerVerifier } from '../../auth/caller-verifier.js';
import type { Identity } from '../../auth/identity.js';
import type { Call, CallHead, CallReset, CallSink, CallTarget } from '../../rpc/call.js';
import type { CallResult, ServeHooks } from '../../wire/serve-call.js';
import { type DoorRefusal, refusalStatus } from './refusal.js';

/** How often it is looked whether tokens are still good, in milliseconds. */
const sweepEveryMs = 500;

/** Something that is open on the strength of a token: a call, a WebSocket, a forward. */
export interface Opened {
  /** The token is good no more: it is to be ended now. Must not throw. */
  end(refusal: DoorRefusal): void;
}

/** What is open, by who opened it; ends it soon after the token has expired or was revoked. */
export class OpenCalls {
  readonly #verifier: Pick<CallerVerifier, 'ended'>;
  readonly #open = new Map<Identity, Set<Opened>>();
  readonly #timer: NodeJS.Timeout;

  constructor(verifier: Pick<CallerVerifier, 'ended'>) {
    this.#verifier = verifier;
    this.#timer = setInterval(() => this.#sweep(), sweepEveryMs).unref();
  }

  hold(identity: Identity, opened: Opened): void {
    const held = this.#open.get(identity);
    if (held === undefined) this.#open.set(identity, new Set([opened]));
    else held.add(opened);
  }

  /** It has ended by itself; may be told of what is not held. */
  release(identity: Identity, opened: Opened): void {
    const held = this.#open.get(identity);
    if (held?.delete(opened) && held.size === 0) this.#open.delete(identity);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#open.clear();
  }

  #sweep(): void {
    for (const [identity, held] of this.#open) {
      const message = this.#verifier.ended(identity);
      if (message === undefined) continue;
      this.#open.delete(identity);
      const refusal = { status: refusalStatus.unauthenticated, code: 'UNAUTHENTICATED', message };
      for (const opened of held) opened.end(refusal);
    }
  }
}

/** A call on its way into its target, held for as long as it is open there. */
export class HeldCall implements CallTarget, ServeHooks, Opened {
  readonly #calls: OpenCalls;
  readonly #identity: Identity;
  readonly #target: CallTarget;
  readonly #hooks: ServeHooks;
  #call: Call | undefined;
  #sink: CallSink | undefined;

  constructor(calls: OpenCalls, identity: Identity, target: CallTarget, hooks: ServeHooks) {
    this.#calls = calls;
    this.#identity = identity;
    this.#target = target;
    this.#hooks = hooks;
  }

  open(head: CallHead, sink: CallSink): Call {
    const call = this.#target.open(head, sink);
    this.#call = call;
    this.#sink = sink;
    this.#calls.hold(this.#identity, this);
    return call;
  }

  ended(result: CallResult): void {
    this.#calls.release(this.#identity, this);
    this.#hooks.ended(result);
  }

  end({ status, message }: DoorRefusal): void {
    const reset: CallReset = { status, message, refused: false, remote: false };
    this.#call?.cancel(reset);
    this.#sink?.reset(reset);
  }
}
