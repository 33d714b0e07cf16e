import type { Logger } from '../log.js';
import { BodyReader } from './body-reader.js';
import { BodyWriter } from './body-writer.js';
import type { CallTarget } from './call.js';
import { Deadlines } from './deadlines.js';
import type { ExchangePort } from './exchange-port.js';
import { busReserveBytes, type ExchangeLimits } from './limits.js';

/** What an exchange has done and holds. */
export interface ExchangeStats {
  /** Processes whose state is kept. */
  peers: number;
  /** Calls open now: made from here, and served here. */
  callsMade: number;
  callsServed: number;
  /** Calls among them whose time is limited. */
  deadlines: number;
  /** Bytes of calls that wait here for credit, a target or the link. */
  bytesBuffered: number;
  framesIn: number;
  framesOut: number;
  messagesIn: number;
  messagesOut: number;
  /** Frames that did not decode or did not fit their sender. */
  framesBad: number;
  /** Messages whose frame boundaries were broken. */
  messagesBad: number;
  /** Frames of calls or processes that are not known here; some are normal when calls end. */
  framesUnknown: number;
  /** Frames that were dropped here because the link was down for long. */
  framesDropped: number;
}

/** What an exchange that is new has done and holds. */
export function noStats(): ExchangeStats {
  return {
    peers: 0,
    callsMade: 0,
    callsServed: 0,
    deadlines: 0,
    bytesBuffered: 0,
    framesIn: 0,
    framesOut: 0,
    messagesIn: 0,
    messagesOut: 0,
    framesBad: 0,
    messagesBad: 0,
    framesUnknown: 0,
    framesDropped: 0,
  };
}

/** Something that collects frames and sends them when the turn of the loop is over. */
export interface Flushable {
  flush(): boolean;
}

/** What all peers and calls of one exchange share. */
export class ExchangeState {
  readonly limits: ExchangeLimits;
  readonly log: Logger;
  readonly deadlines = new Deadlines();
  readonly writer = new BodyWriter();
  readonly reader = new BodyReader();
  readonly stats: ExchangeStats = noStats();
  /** Sweeps so far: a clock that stands still while the process does. */
  tick = 0;
  /** The sweep in which the link last came back. */
  resyncTick = 0;
  /** Who takes calls from the bus; undefined: nobody. */
  target: CallTarget | undefined;
  /** False: no new calls in either direction. */
  accepting = true;
  /** Told to be down by the owner of the link. */
  disconnected = false;
  /** Told when the last call has ended. */
  idle: (() => void) | undefined;
  readonly #port: () => ExchangePort;
  #dirty: Flushable[] = [];
  #flush: NodeJS.Immediate | undefined;
  #lastId: number;
  #lastTicket = 0;
  #resets = 0;
  #resetsTick = 0;

  constructor(options: {
    limits: ExchangeLimits;
    log: Logger;
    port: () => ExchangePort;
    firstCallId: number;
  }) {
    this.limits = options.limits;
    this.log = options.log;
    this.#port = options.port;
    this.#lastId = options.firstCallId - 1;
  }

  get port(): ExchangePort {
    return this.#port();
  }

  /** Whether what is sent now has a chance to arrive. */
  get up(): boolean {
    return !this.disconnected && this.port.connected;
  }

  /** Calls open in both directions. */
  get calls(): number {
    return this.stats.callsMade + this.stats.callsServed;
  }

  /** Largest message of frames that the bus takes. */
  get largestMessage(): number {
    return Math.max(1024, this.port.maxMessageBytes - busReserveBytes);
  }

  /** Milliseconds in sweeps, rounded up. */
  ticks(milliseconds: number): number {
    return Math.ceil(milliseconds / this.limits.sweepMs);
  }

  /** The next call id: ascending over all peers, so that no id comes again soon, even to a peer that was forgotten. */
  nextId(): number {
    this.#lastId = this.#lastId >= 0xffff_ffff ? 1 : this.#lastId + 1;
    return this.#lastId;
  }

  /** A ticket for a message: the bus shall tell when nobody listens there. */
  nextTicket(): number {
    this.#lastTicket++;
    return this.#lastTicket;
  }

  /** Sends what `box` collects when this turn of the loop is over. */
  schedule(box: Flushable): void {
    this.#dirty.push(box);
    this.#flush ??= setImmediate(() => this.flushAll());
  }

  /** Sends what was scheduled. */
  flushAll(): void {
    clearImmediate(this.#flush);
    this.#flush = undefined;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const box of dirty) box.flush();
  }

  /** Whether a RESET may be sent in answer to a frame that no call fits; only so many are, for a time. */
  mayReset(): boolean {
    if (this.#resetsTick !== this.tick) {
      this.#resetsTick = this.tick;
      this.#resets = 0;
    }
    return this.#resets++ < this.limits.resetsPerSweep;
  }

  /** Frees the timers. */
  close(): void {
    this.deadlines.close();
    clearImmediate(this.#flush);
    this.#flush = undefined;
    this.#dirty = [];
  }

  /** Counts calls that begin (1) and end (-1). */
  countCall(made: boolean, change: 1 | -1): void {
    if (made) this.stats.callsMade += change;
    else this.stats.callsServed += change;
    if (change < 0 && this.calls === 0) this.idle?.();
  }
}
