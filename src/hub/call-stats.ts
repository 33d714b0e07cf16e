import type { Identity } from '../auth/identity.js';
import type { Logger } from '../log.js';
import { statusNames } from '../rpc/status.js';
import type { CallResult, ServeHooks } from '../wire/serve-call.js';
import type { NodeView } from './node-view.js';

/** Counts calls and writes one log line for each. */
export class CallStats {
  /** Calls that are open now. */
  inFlight = 0;
  /** Calls to the hub itself, or refused before a node was found: how many ended, by status. */
  readonly ended = new Map<number, number>();
  readonly #log: Logger;
  readonly #observe: (seconds: number) => void;
  #started = 0;

  /** `observe` is told how long each served call took. */
  constructor(log: Logger, observe: (seconds: number) => void) {
    this.#log = log;
    this.#observe = observe;
  }

  /** A call begins; its end is to be told to what is returned. */
  begin(view: NodeView | undefined, path: string, caller: string): ServeHooks {
    this.inFlight++;
    this.#started++;
    return new OpenCall(this, this.#started, view, path, caller);
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
    this.#log.info(
      { node, path: path.slice(0, 256), caller: identity?.subject, status: statusNames[status], code },
      'call refused',
    );
  }

  /** For the open call alone. */
  finished(call: OpenCall, result: CallResult): void {
    const seconds = (performance.now() - call.startedAt) / 1000;
    this.inFlight--;
    count(call.view?.ended ?? this.ended, result.status);
    this.#observe(seconds);
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

function count(counts: Map<number, number>, status: number): void {
  counts.set(status, (counts.get(status) ?? 0) + 1);
}

class OpenCall implements ServeHooks {
  readonly startedAt = performance.now();
  readonly id: number;
  readonly view: NodeView | undefined;
  readonly path: string;
  readonly caller: string;
  readonly #stats: CallStats;

  constructor(stats: CallStats, id: number, view: NodeView | undefined, path: string, caller: string) {
    this.#stats = stats;
    this.id = id;
    this.view = view;
    this.path = path;
    this.caller = caller;
  }

  ended(result: CallResult): void {
    this.#stats.finished(this, result);
  }
}
