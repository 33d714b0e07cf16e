import type { Socket } from 'node:net';
import { PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { CallHead, CallReset, CallTarget } from '../../rpc/call.js';
import { forwardPath } from '../../rpc/forward.js';
import { clientOf } from '../../wire/client.js';
import { playForward } from '../../wire/forward-source.js';
import type { CallResult, ServeHooks } from '../../wire/serve-call.js';
import type { Asker } from '../door/entrance.js';
import type { Gate } from '../door/gate.js';
import type { DoorRefusal } from '../door/refusal.js';
import { readForwardRequest } from './request.js';

/** The first line has to be there within this time, in milliseconds. */
const lineWithinMs = 10_000;
/** An answer that is a refusal may take so long to leave, in milliseconds. */
const lingerMs = 5_000;

/** Why a forward is refused, as its answer says. */
interface Refused {
  readonly ok: false;
  readonly code: string;
  readonly message: string;
}

/**
 * Raw connections: a line of JSON {token, node, target}, answered by {ok: true} or {ok: false, code, message}, then bytes
 * both ways. Takes a connection whose first byte is `{`.
 */
export function forwardDoor(gate: Gate, log: Logger): (socket: Socket, listener: string) => void {
  return (socket, listener) => {
    socket.on('error', () => {}); // 'close' follows
    // Each side may end on its own.
    socket.allowHalfOpen = true;
    readForwardRequest(socket, lineWithinMs)
      .then(({ token, node, target }) => {
        const metadata = ['x-postern-authorization', `Bearer ${token}`, 'x-postern-node', node];
        const path = forwardPath(target);
        const from = clientOf(socket).address;
        const asked = { path, authority: '', metadata, timeoutMs: undefined, listener, from, forward: true };
        gate.decide(asked, new ForwardAsker(socket));
      })
      .catch((thrown: unknown) => {
        const from = clientOf(socket).address;
        if (!(thrown instanceof PosternError)) {
          log.error({ from, err: thrown }, 'a forward failed');
          socket.destroy();
          return;
        }
        const { code, message } = thrown;
        log.info({ from, code }, 'a forward was refused');
        refuse(socket, { ok: false, code, message });
      });
  };
}

class ForwardAsker implements Asker {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  serve(head: CallHead, target: CallTarget, hooks: ServeHooks): void {
    const socket = this.#socket;
    if (socket.destroyed) {
      hooks.ended({
        status: 1,
        message: 'the client went away',
        made: false,
        requestBytes: 0,
        responseBytes: 0,
      });
      return;
    }
    playForward(socket, head, target, {
      reached: () => socket.write('{"ok":true}\n'),
      failed: (reset: CallReset) => refuse(socket, failure(reset)),
      ended: (result: CallResult) => hooks.ended(result),
    });
  }

  refuse({ code, message }: DoorRefusal): void {
    refuse(this.#socket, { ok: false, code, message });
  }
}

/** Why a forward that was let through did not reach its target. */
function failure({ status, message, code }: CallReset): Refused {
  return { ok: false, code: code ?? (status === 7 ? 'TARGET_REFUSED' : 'TARGET_UNREACHABLE'), message };
}

function refuse(socket: Socket, answer: Refused): void {
  if (socket.destroyed) return;
  socket.end(`${JSON.stringify(answer)}\n`);
  // What still comes is thrown away, so that the connection can come to its end.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once('close', () => clearTimeout(timer));
}
