import type { Call, CallHead, CallReset, CallSink, CallTarget, RawMetadata } from '../rpc/call.js';
import { type Place, type Pool, pick } from './pool.js';

/** So many request bytes are kept for a second attempt; a call that has sent more gets none. */
const mostKeptBytes = 64 * 1024;
const deadlineExceeded = 4;
const unavailable = 14;

/**
 * Gives each call to an instance of the pool, and to another one when the first refused it unseen: once, and only
 * while nothing has come back and all request bytes so far are still at hand. Where there is no other, what a server
 * itself refused is tried there again, as gRPC clients do. A refusal by an instance that has left the pool meanwhile
 * does not count: several may leave at the same time.
 */
export class Balancer implements CallTarget {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  open(head: CallHead, sink: CallSink): Call {
    const place = pick(this.#pool, head.path);
    if (place === undefined) return refusedCall(`no instance of node '${this.#pool.name}' is ready`, sink);
    return new BalancedCall(this.#pool, place, head, sink);
  }
}

/** A call that is reset in the next turn. */
function refusedCall(message: string, sink: CallSink): Call {
  let open = true;
  setImmediate(() => {
    if (!open) return;
    open = false;
    sink.reset({ status: unavailable, message, refused: true, remote: false });
  });
  return {
    write: () => true,
    end: () => {},
    cancel: () => {
      open = false;
    },
    consumed: () => {},
  };
}

/** One call on its way to one instance, counted there; both ends of it at once, to spare objects. */
class BalancedCall implements Call, CallSink {
  readonly #pool: Pool;
  readonly #head: CallHead;
  readonly #sink: CallSink;
  readonly #openedAt: number;
  #place: Place;
  #call: Call;
  /** Request bytes so far; undefined: the call can not be tried elsewhere any more. */
  #kept: Uint8Array[] | undefined = [];
  #keptBytes = 0;
  #halfClosed = false;
  /** The client's side waits for `drain`. */
  #waiting = false;
  #over = false;

  constructor(pool: Pool, place: Place, head: CallHead, sink: CallSink) {
    this.#pool = pool;
    this.#head = head;
    this.#sink = sink;
    this.#openedAt = head.timeoutMs === undefined ? 0 : performance.now();
    this.#place = place;
    pool.openCalls++;
    place.openCalls++;
    if (head.placed !== undefined) head.placed.instance = place.id;
    this.#call = place.target.open(head, this);
  }

  write(chunk: Uint8Array): boolean {
    if (this.#over) return true;
    if (this.#kept !== undefined) {
      this.#keptBytes += chunk.length;
      if (this.#keptBytes > mostKeptBytes) this.#kept = undefined;
      else this.#kept.push(chunk);
    }
    const call = this.#call;
    const goOn = call.write(chunk);
    // A target may refuse the call right here; then the chunk was replayed and the second attempt has its say.
    if (call === this.#call) this.#waiting = !goOn;
    return !this.#waiting;
  }

  end(): void {
    this.#halfClosed = true;
    this.#call.end();
  }

  cancel(reset: CallReset): void {
    if (this.#over) return;
    this.#finish();
    this.#call.cancel(reset);
  }

  consumed(bytes: number): void {
    this.#call.consumed(bytes);
  }

  head(metadata: RawMetadata): void {
    this.#kept = undefined;
    this.#sink.head(metadata);
  }

  data(chunk: Uint8Array): void {
    this.#kept = undefined;
    this.#sink.data(chunk);
  }

  trailers(metadata: RawMetadata): void {
    this.#finish();
    this.#sink.trailers(metadata);
  }

  drain(): void {
    this.#waiting = false;
    this.#sink.drain();
  }

  reset(reset: CallReset): void {
    if (this.#over) return;
    if (reset.refused && this.#kept !== undefined) {
      // What the server itself refused (REFUSED_STREAM, GOAWAY) may pass at the same one's next connection.
      const other =
        pick(this.#pool, this.#head.path, this.#place) ?? (reset.remote ? this.#place : undefined);
      if (other !== undefined) {
        this.#tryAgain(other, this.#kept, this.#pool.ready.includes(this.#place));
        return;
      }
    }
    this.#finish();
    this.#sink.reset(reset);
  }

  /** `last`: there is no further attempt after this one. */
  #tryAgain(place: Place, kept: readonly Uint8Array[], last: boolean): void {
    const head = this.#remainingHead();
    if (head === undefined) {
      this.#finish();
      const message = 'the deadline passed while the call was given to another instance';
      this.#sink.reset({ status: deadlineExceeded, message, refused: true, remote: false });
      return;
    }
    if (last) this.#kept = undefined;
    this.#place.openCalls--;
    place.openCalls++;
    this.#place = place;
    if (head.placed !== undefined) head.placed.instance = place.id;
    const call = place.target.open(head, this);
    this.#call = call;
    let goOn = true;
    for (const chunk of kept) goOn = call.write(chunk);
    // Refused right here: the next attempt has its say.
    if (call !== this.#call) return;
    if (this.#halfClosed) call.end();
    const waited = this.#waiting;
    this.#waiting = !goOn;
    if (waited && goOn && !this.#over) this.#sink.drain();
  }

  /** The head with the time that is left; undefined when there is none. */
  #remainingHead(): CallHead | undefined {
    const { timeoutMs } = this.#head;
    if (timeoutMs === undefined) return this.#head;
    const left = timeoutMs - (performance.now() - this.#openedAt);
    return left > 0 ? { ...this.#head, timeoutMs: left } : undefined;
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#kept = undefined;
    this.#pool.openCalls--;
    this.#place.openCalls--;
  }
}
