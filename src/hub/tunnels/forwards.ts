import type { Logger } from '../../log.js';
import type { Call, CallHead, CallSink, CallTarget } from '../../rpc/call.js';
import { isForwardPath, targetOfPath } from '../../rpc/forward.js';
import { refuseCall } from '../../rpc/refused-call.js';
import { openForward } from '../../wire/forward-target.js';
import type { YamuxSession } from '../../wire/yamux/session.js';

const permissionDenied = 7;

/** The forwards of a tunnel, beside its calls: a stream of it is a connection to the node's server, and to nothing else. */
export class TunnelForwards implements CallTarget {
  readonly #calls: CallTarget;
  readonly #session: YamuxSession;
  readonly #node: string;
  readonly #log: Logger;

  constructor(options: { calls: CallTarget; session: YamuxSession; node: string; log: Logger }) {
    this.#calls = options.calls;
    this.#session = options.session;
    this.#node = options.node;
    this.#log = options.log;
  }

  open(head: CallHead, sink: CallSink): Call {
    if (!isForwardPath(head.path)) return this.#calls.open(head, sink);
    const target = targetOfPath(head.path) ?? '?';
    if (target === '') {
      return openForward(async () => this.#session.open(), `the server of node '${this.#node}'`, sink);
    }
    const message = `node '${this.#node}' has a tunnel, which leads to its own server alone, not to '${target.slice(0, 256)}'`;
    const reset = { status: permissionDenied, message, refused: false, remote: false };
    return refuseCall(sink, reset, this.#log);
  }
}
