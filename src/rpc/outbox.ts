import { errorText } from '../errors.js';
import type { PeerAddress } from './exchange-port.js';
import type { ExchangeState, Flushable } from './exchange-state.js';
import { frameFlag, frameKind, headerBytes, lengthAt, writeHeader } from './frame.js';

const nothing = Buffer.alloc(0);
/** Smallest piece of memory that messages are written into, one after the other. */
const smallestSlab = 4096;

/**
 * The frames for one process that wait for the end of this turn of the loop. They are written at once into the
 * message that will be sent. While the link is down they are kept, up to one message.
 */
export class Outbox implements Flushable {
  readonly #to: PeerAddress;
  readonly #state: ExchangeState;
  /** Messages lie in it one after the other: sent ones up to `#start`, the one that is being made up to `#end`. */
  #slab: Buffer = nothing;
  #start = 0;
  #end = 0;
  /** Where the last frame of the message starts. */
  #last = 0;
  /** Of the message that is being made; 0: none. */
  #ticket = 0;
  #scheduled = false;
  /** Length of the message before: a good guess for the next. */
  #usual = 0;

  constructor(to: PeerAddress, state: ExchangeState) {
    this.#to = to;
    this.#state = state;
  }

  get empty(): boolean {
    return this.#end === this.#start;
  }

  /** The ticket with which the message that holds the last frame will be sent: the bus tells when nobody listens. */
  ticket(): number {
    if (this.#ticket === 0) this.#ticket = this.#state.nextTicket();
    return this.#ticket;
  }

  /** Adds a frame; `body` is copied. False: the link is down and there is no more room; the frame is lost. */
  frame(kind: number, flags: number, id: number, offset: number, body: Uint8Array = nothing): boolean {
    const { length } = body;
    const at = this.#reserve(headerBytes + length);
    if (at < 0) return false;
    writeHeader(this.#slab, at, kind, flags, id, offset, length);
    if (length > 0) this.#slab.set(body, at + headerBytes);
    this.#last = at;
    this.#state.stats.framesOut++;
    return true;
  }

  /**
   * Adds bytes to the last frame where that is DATA of this direction of this call and its body stays within `most`
   * bytes; `body` is copied. False: nothing was done. HTTP/2 hands bytes out in small pieces, and each frame costs the
   * other side a write of its own.
   */
  extendLast(id: number, direction: number, body: Uint8Array, most: number): boolean {
    if (!this.#endsInData(id, direction)) return false;
    const { length } = body;
    const before = this.#slab.readUInt32BE(this.#last + lengthAt);
    const largest = this.#largest;
    if (before + length > most || this.#end - this.#start + length > largest) return false;
    if (this.#end + length > this.#slab.length) this.#grow(length, largest);
    this.#slab.set(body, this.#end);
    this.#slab.writeUInt32BE(before + length, this.#last + lengthAt);
    this.#end += length;
    return true;
  }

  /** Sets END on the last frame where that is DATA of this direction of this call; false: it is not. */
  endLast(id: number, direction: number): boolean {
    if (!this.#endsInData(id, direction)) return false;
    this.#slab[this.#last + 1] = direction | frameFlag.end;
    return true;
  }

  /** Sends the message. False: the link is down and the message is kept. */
  flush(): boolean {
    this.#scheduled = false;
    if (this.empty) return true;
    const state = this.#state;
    if (!state.up) return false;
    const message = this.#slab.subarray(this.#start, this.#end);
    const ticket = this.#ticket;
    this.#usual = message.length;
    this.#start = this.#end;
    this.#ticket = 0;
    // A large piece of memory is not kept for peers that rarely need it.
    if (this.#slab.length > 4 * smallestSlab) this.drop();
    state.stats.messagesOut++;
    try {
      state.port.send(this.#to, message, ticket);
    } catch (thrown) {
      state.log.error(
        { to: this.#to.name, bytes: message.length },
        `cannot send a message: ${errorText(thrown)}`,
      );
    }
    return true;
  }

  /** Forgets what was not sent. */
  drop(): void {
    this.#slab = nothing;
    this.#start = 0;
    this.#end = 0;
    this.#last = 0;
  }

  /** Whether the last frame is DATA of this direction of this call, without END. */
  #endsInData(id: number, direction: number): boolean {
    const slab = this.#slab;
    const at = this.#last;
    return (
      !this.empty &&
      slab[at] === frameKind.data &&
      slab[at + 1] === direction &&
      slab.readUInt32BE(at + 4) === id
    );
  }

  get #largest(): number {
    return Math.min(this.#state.limits.batchBytes, this.#state.largestMessage);
  }

  /** Room for so many bytes at the end of the message: where it starts, or -1. */
  #reserve(bytes: number): number {
    const largest = this.#largest;
    if (!this.empty && this.#end - this.#start + bytes > largest && !this.flush()) {
      this.#state.stats.framesDropped++;
      return -1;
    }
    if (this.#end + bytes > this.#slab.length) this.#grow(bytes, largest);
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#state.schedule(this);
    }
    const at = this.#end;
    this.#end += bytes;
    return at;
  }

  #grow(bytes: number, largest: number): void {
    const made = this.#end - this.#start;
    const guess = Math.min(largest, Math.max(smallestSlab, 2 * made, this.#usual));
    const slab = Buffer.allocUnsafeSlow(Math.max(made + bytes, guess));
    this.#slab.copy(slab, 0, this.#start, this.#end);
    this.#slab = slab;
    this.#last -= this.#start;
    this.#start = 0;
    this.#end = made;
  }
}
