import type { Duplex } from 'node:stream';
import type { Call, CallReset, CallSink } from '../rpc/call.js';
import { finishFrame, frameHeader } from '../rpc/forward.js';
import { breakOff } from './break-off.js';

/** Bytes that were read and not yet passed on, beyond which nothing more is read. */
const mostUnconsumed = 256 * 1024;

const unavailable = 14;

/** Why a target cannot be reached, as a call ends by it. */
function failed(message: string): CallReset {
  return { status: unavailable, message, refused: false, remote: false };
}

/**
 * Plays a forward into a connection that is being made: bytes both ways with back-pressure, each side's end passed on.
 * `connect` gets a signal that says when nobody waits any more, and has a bound of its own.
 * @param name of the target, for messages.
 */
export function openForward(
  connect: (signal: AbortSignal) => Promise<Duplex>,
  name: string,
  sink: CallSink,
): Call {
  const forward = new ForwardToTarget(name, sink);
  forward.start(connect);
  return forward;
}

class ForwardToTarget implements Call {
  readonly #name: string;
  readonly #sink: CallSink;
  readonly #gone = new AbortController();
  #connection: Duplex | undefined;
  /** Bytes that came before there was a connection. */
  #early: Uint8Array[] = [];
  #ended = false;
  #finished = false;
  #over = false;
  #stopped = false;
  #unconsumed = 0;

  constructor(name: string, sink: CallSink) {
    this.#name = name;
    this.#sink = sink;
  }

  start(connect: (signal: AbortSignal) => Promise<Duplex>): void {
    connect(this.#gone.signal).then(
      (connection) => this.#connected(connection),
      (thrown: unknown) => {
        const why = thrown instanceof Error ? thrown.message : String(thrown);
        this.#fail(`'${this.#name}' can not be reached: ${why}`);
      },
    );
  }

  write(chunk: Uint8Array): boolean {
    if (this.#over || this.#ended) return true;
    const connection = this.#connection;
    if (connection === undefined) {
      this.#early.push(chunk);
      this.#stopped = true;
      return false;
    }
    this.#stopped = !connection.write(chunk);
    return !this.#stopped;
  }

  end(): void {
    if (this.#over || this.#ended) return;
    this.#ended = true;
    this.#connection?.end();
  }

  cancel(_reset: CallReset): void {
    this.#finish();
  }

  consumed(bytes: number): void {
    if (this.#over) return;
    this.#unconsumed -= bytes;
    if (this.#unconsumed <= mostUnconsumed / 2) this.#connection?.resume();
  }

  #connected(connection: Duplex): void {
    connection.on('error', () => {}); // 'close' follows
    if (this.#over) {
      connection.destroy();
      return;
    }
    this.#connection = connection;
    connection.on('data', (chunk: Buffer) => {
      this.#send(frameHeader(chunk.length));
      this.#send(chunk);
      if (this.#unconsumed >= mostUnconsumed) connection.pause();
    });
    connection.on('drain', () => {
      if (!this.#stopped || this.#over) return;
      this.#stopped = false;
      this.#sink.drain();
    });
    connection.once('end', () => {
      this.#finished = true;
      this.#send(finishFrame());
    });
    connection.once('close', () => {
      if (this.#over) return;
      if (!this.#finished) this.#fail(`the connection to '${this.#name}' broke`);
      else {
        this.#finish();
        this.#sink.trailers(['grpc-status', '0']);
      }
    });
    this.#sink.head([]);
    for (const chunk of this.#early.splice(0)) connection.write(chunk);
    if (this.#ended) connection.end();
    else if (this.#stopped && !connection.writableNeedDrain) {
      this.#stopped = false;
      this.#sink.drain();
    }
  }

  #send(chunk: Uint8Array): void {
    if (this.#over) return;
    this.#unconsumed += chunk.length;
    this.#sink.data(chunk);
  }

  #fail(message: string): void {
    if (this.#over) return;
    this.#finish();
    this.#sink.reset(failed(message));
  }

  #finish(): void {
    this.#over = true;
    this.#early = [];
    this.#gone.abort();
    const connection = this.#connection;
    if (connection !== undefined && !connection.destroyed) breakOff(connection);
  }
}
