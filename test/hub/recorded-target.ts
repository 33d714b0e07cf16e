import type { Call, CallHead, CallReset, CallSink, CallTarget } from '../../src/rpc/call.js';

/** A call that a server behind a node has seen. */
export interface SeenCall {
  readonly head: CallHead;
  /** Why it was ended from outside; undefined: it was not. */
  ended: CallReset | undefined;
}

/** A server that answers calls with an empty OK, and `…/Hang` never. */
export class RecordedTarget implements CallTarget {
  readonly calls: SeenCall[] = [];

  open(head: CallHead, sink: CallSink): Call {
    const seen: SeenCall = { head, ended: undefined };
    this.calls.push(seen);
    const hangs = head.path.endsWith('/Hang');
    return {
      write: (chunk) => {
        void chunk;
        return true;
      },
      end: () => {
        if (!hangs) setImmediate(() => sink.trailers(['grpc-status', '0']));
      },
      cancel: (reset) => {
        seen.ended = reset;
      },
      consumed: () => {},
    };
  }
}
