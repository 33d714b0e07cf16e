import type { Duplex } from 'node:stream';
import type { Call, CallHead, CallReset, CallSink, CallTarget } from '../rpc/call.js';
import { ForwardReader } from '../rpc/forward.js';
import { breakOff } from './break-off.js';
import type { ServeHooks } from './serve-call.js';

/** What the owner of a connection hears of its forward. */
export interface ForwardHooks extends ServeHooks {
  /** The target was reached: nothing was written to the connection before. */
  reached(): void;
  /** It was not; the connection is still open, and nobody's any more. */
  failed(reset: CallReset): void;
}

/** What came for a client whose target has ended may take so long to leave, in milliseconds. */
const lingerMs = 10_000;
/** What a client that has ended has left for its target may take so long to arrive, in milliseconds. */
const arrivalMs = 60_000;

/** Plays a connection from outside into a forward: bytes both ways with back-pressure, each side's end passed on. */
export function playForward(
  connection: Duplex,
  head: CallHead,
  target: CallTarget,
  hooks: ForwardHooks,
): void {
  const source = new ForwardFromSource(connection, hooks);
  source.start(target.open(head, source));
}

class ForwardFromSource implements CallSink {
  readonly #connection: Duplex;
  readonly #hooks: ForwardHooks;
  readonly #reader: ForwardReader;
  #call: Call | undefined;
  #reached = false;
  #over = false;
  /** The client has sent all that it had. */
  #clientEnded = false;
  #targetEnded = false;
  #arrival: NodeJS.Timeout | undefined;
  #requestBytes = 0;
  #responseBytes = 0;

  constructor(connection: Duplex, hooks: ForwardHooks) {
    this.#connection = connection;
    this.#hooks = hooks;
    this.#reader = new ForwardReader({
      bytes: (chunk) => {
        this.#responseBytes += chunk.length;
        connection.write(chunk, () => this.#call?.consumed(chunk.length));
      },
      finished: () => {
        this.#targetEnded = true;
        connection.end();
      },
    });
  }

  start(call: Call): void {
    this.#call = call;
    const connection = this.#connection;
    connection.on('error', () => {}); // 'close' follows
    connection.on('close', () => this.#clientGone());
  }

  head(): void {
    if (this.#over || this.#reached) return;
    this.#reached = true;
    const connection = this.#connection;
    const call = this.#call;
    this.#hooks.reached();
    connection.on('data', (chunk: Buffer) => {
      this.#requestBytes += chunk.length;
      if (!this.#over && call?.write(chunk) === false) connection.pause();
    });
    connection.on('end', () => {
      this.#clientEnded = true;
      if (!this.#over) call?.end();
    });
    connection.resume();
  }

  data(chunk: Uint8Array): void {
    if (this.#over) return;
    const before = this.#responseBytes;
    this.#reader.read(chunk);
    // What is no byte of the connection is passed on at once.
    const framing = chunk.length - (this.#responseBytes - before);
    if (framing > 0) this.#call?.consumed(framing);
  }

  trailers(): void {
    if (this.#over) return;
    this.#end(0, '', false);
    // Both sides have ended; what is still to be sent has its time.
    if (this.#connection.destroyed) return;
    this.#connection.end();
    const timer = setTimeout(() => this.#connection.destroy(), lingerMs).unref();
    this.#connection.once('close', () => clearTimeout(timer));
  }

  reset(reset: CallReset): void {
    if (this.#over) return;
    this.#end(reset.status, reset.message, !reset.remote);
    if (this.#reached) breakOff(this.#connection);
    else this.#hooks.failed(reset);
  }

  drain(): void {
    if (!this.#over) this.#connection.resume();
  }

  #clientGone(): void {
    if (this.#over) return;
    if (this.#clientEnded && this.#targetEnded && this.#connection.writableFinished) {
      // Both sides have ended well: the call ends when the target has what was sent to it.
      this.#arrival ??= setTimeout(() => this.#cancel(), arrivalMs).unref();
    } else this.#cancel();
  }

  #cancel(): void {
    const message = 'the client went away';
    this.#call?.cancel({ status: 1, message, refused: false, remote: true });
    this.#end(1, message, false);
  }

  #end(status: number, message: string, made: boolean): void {
    this.#over = true;
    clearTimeout(this.#arrival);
    this.#hooks.ended({
      status,
      message,
      made,
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
    });
  }
}
