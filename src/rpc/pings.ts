import { PosternError } from '../errors.js';
import type { PeerAddress } from './exchange-port.js';
import type { ExchangeState } from './exchange-state.js';
import { type FrameCursor, frameKind } from './frame.js';
import { Outbox } from './outbox.js';

/** Bytes of the body of PING and PONG. */
const tokenBytes = 8;
/** The first of these bytes where the sender gives calls to whom it pings. */
const givenMark = 1;

interface Waiting {
  readonly to: PeerAddress;
  readonly sentAt: number;
  readonly timer: NodeJS.Timeout;
  resolve(milliseconds: number): void;
  reject(why: PosternError): void;
}

/** Liveness of other processes. Nothing is kept of those that only ping or are pinged. */
export class Pings {
  readonly #state: ExchangeState;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  constructor(state: ExchangeState) {
    this.#state = state;
  }

  /**
   * Round trip in milliseconds; `given` tells the other that calls go there from here. Rejects with `PosternError`:
   * `NO_RESPONDERS` when the bus knows that nobody listens there, `NO_ANSWER` after `timeoutMs` or where this process
   * is not connected itself.
   */
  ping(to: PeerAddress, timeoutMs: number, given: boolean): Promise<number> {
    const state = this.#state;
    if (!state.up) return Promise.reject(new PosternError('NO_ANSWER', 'the bus is not connected'));
    this.#last++;
    const token = this.#last;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(token);
        reject(new PosternError('NO_ANSWER', `${to.name} did not answer within ${timeoutMs} ms`));
      }, timeoutMs);
      timer.unref();
      this.#waiting.set(token, { to, sentAt: performance.now(), timer, resolve, reject });
      const body = Buffer.alloc(tokenBytes);
      body.writeUIntBE(token, 2, 6);
      body[0] = given ? givenMark : 0;
      this.#send(to, frameKind.ping, body, true);
    });
  }

  /** Takes a PING or PONG. For a valid PING: whether its sender gives calls to this process; undefined: it was none. */
  receive(from: PeerAddress, cursor: FrameCursor): boolean | undefined {
    const body = cursor.body();
    if (cursor.malformed || body.length !== tokenBytes) {
      this.#state.stats.framesBad++;
      return undefined;
    }
    if (cursor.kind === frameKind.ping) {
      this.#send(from, frameKind.pong, body, false);
      return body[0] === givenMark;
    }
    const token = body.readUIntBE(2, 6);
    const waiting = this.#waiting.get(token);
    if (waiting === undefined || !isSame(waiting.to, from)) this.#state.stats.framesUnknown++;
    else this.#done(token, waiting).resolve(performance.now() - waiting.sentAt);
    return undefined;
  }

  /** The bus knows that nobody listens there. */
  noResponders(to: PeerAddress): void {
    for (const [token, waiting] of this.#waiting) {
      if (!isSame(waiting.to, to)) continue;
      this.#done(token, waiting).reject(
        new PosternError('NO_RESPONDERS', `${to.name} does not listen on the bus`),
      );
    }
  }

  close(): void {
    for (const [token, waiting] of this.#waiting) {
      this.#done(token, waiting).reject(new PosternError('NO_ANSWER', 'the exchange was closed'));
    }
  }

  #done(token: number, waiting: Waiting): Waiting {
    clearTimeout(waiting.timer);
    this.#waiting.delete(token);
    return waiting;
  }

  #send(to: PeerAddress, kind: number, body: Uint8Array, hint: boolean): void {
    const outbox = new Outbox(to, this.#state);
    outbox.frame(kind, 0, 0, 0, body);
    if (hint) outbox.ticket();
    outbox.flush();
  }
}

function isSame(a: PeerAddress, b: PeerAddress): boolean {
  return a.instance === b.instance && a.name === b.name;
}
