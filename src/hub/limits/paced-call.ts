import type { Call, CallHead, CallReset, CallSink, CallTarget, RawMetadata } from '../../rpc/call.js';
import { type Flow, Held, type Pace } from './pace.js';

/** The paces of both directions: towards the server, and back. */
export interface Paces {
  readonly there: Pace;
  readonly back: Pace;
}

/**
 * A target whose calls pass together no more bytes per second, in each direction, than their paces allow. Nothing fails:
 * what is too much waits where it comes from, since credit is given for what has passed alone.
 */
export class PacedTarget implements CallTarget {
  readonly #target: CallTarget;
  readonly #paces: () => Paces | undefined;

  /** `paces` is asked for each call; undefined: it passes as it is. */
  constructor(target: CallTarget, paces: () => Paces | undefined) {
    this.#target = target;
    this.#paces = paces;
  }

  open(head: CallHead, sink: CallSink): Call {
    const paces = this.#paces();
    if (paces === undefined) return this.#target.open(head, sink);
    const call = new PacedCall(sink, paces);
    call.start(this.#target.open(head, call));
    return call;
  }
}

class PacedCall implements Call, CallSink {
  readonly #sink: CallSink;
  readonly #paces: Paces;
  #call: Call | undefined;
  /** Request bytes that wait. */
  readonly #requests = new Held();
  /** The server's side takes no more for reasons of its own. */
  #blocked = false;
  /** The client was told to wait. */
  #stopped = false;
  #halfClosed = false;
  /** Response bytes that wait; the server gets no credit for them. */
  readonly #responses = new Held();
  #trailers: RawMetadata | undefined;
  #over = false;
  readonly #there: Flow;
  readonly #back: Flow;

  constructor(sink: CallSink, paces: Paces) {
    this.#sink = sink;
    this.#paces = paces;
    const request = (most: number): number => this.#passRequest(most);
    const response = (most: number): number => this.#passResponse(most);
    const requestsReady = (): boolean => !this.#over && !this.#blocked && !this.#requests.empty;
    const responsesReady = (): boolean => !this.#over && !this.#responses.empty;
    this.#there = {
      give: request,
      get ready() {
        return requestsReady();
      },
    };
    this.#back = {
      give: response,
      get ready() {
        return responsesReady();
      },
    };
  }

  start(call: Call): void {
    this.#call = call;
  }

  write(chunk: Uint8Array): boolean {
    if (this.#over) return true;
    this.#requests.add(chunk);
    if (!this.#blocked) this.#paces.there.join(this.#there);
    this.#stopped = this.#blocked || !this.#requests.empty;
    return !this.#stopped;
  }

  end(): void {
    if (this.#over) return;
    this.#halfClosed = true;
    if (this.#requests.empty) this.#call?.end();
  }

  cancel(reset: CallReset): void {
    if (this.#over) return;
    this.#finish();
    this.#call?.cancel(reset);
  }

  consumed(bytes: number): void {
    this.#call?.consumed(bytes);
  }

  head(metadata: RawMetadata): void {
    if (!this.#over) this.#sink.head(metadata);
  }

  data(chunk: Uint8Array): void {
    if (this.#over) return;
    this.#responses.add(chunk);
    this.#paces.back.join(this.#back);
  }

  trailers(metadata: RawMetadata): void {
    if (this.#over) return;
    // The server has ended the call: nothing of the request is of use any more.
    this.#requests.clear();
    this.#paces.there.leave(this.#there);
    if (this.#responses.empty) this.#endWith(metadata);
    else this.#trailers = metadata;
  }

  reset(reset: CallReset): void {
    if (this.#over) return;
    this.#finish();
    this.#sink.reset(reset);
  }

  drain(): void {
    if (this.#over) return;
    this.#blocked = false;
    if (!this.#requests.empty) this.#paces.there.join(this.#there);
    else this.#goOn();
  }

  #passRequest(most: number): number {
    const taken = this.#requests.take(most);
    if (taken === undefined || this.#over) return 0;
    if (this.#call?.write(taken) === false) this.#blocked = true;
    if (this.#over || !this.#requests.empty) return taken.length;
    if (this.#halfClosed) this.#call?.end();
    else if (!this.#blocked) this.#goOn();
    return taken.length;
  }

  #passResponse(most: number): number {
    const taken = this.#responses.take(most);
    if (taken === undefined || this.#over) return 0;
    this.#sink.data(taken);
    if (!this.#over && this.#trailers !== undefined && this.#responses.empty) this.#endWith(this.#trailers);
    return taken.length;
  }

  /** The client may go on, where it was told to wait. */
  #goOn(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#sink.drain();
  }

  #endWith(trailers: RawMetadata): void {
    this.#finish();
    this.#sink.trailers(trailers);
  }

  #finish(): void {
    this.#over = true;
    this.#requests.clear();
    this.#responses.clear();
    this.#paces.there.leave(this.#there);
    this.#paces.back.leave(this.#back);
  }
}
