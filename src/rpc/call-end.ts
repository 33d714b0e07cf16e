import { errorText } from '../errors.js';
import type { CallReset } from './call.js';
import { ReceiveWindow, SendWindow } from './credit.js';
import type { Expiring } from './deadlines.js';
import { frameFlag, frameKind, headerBytes } from './frame.js';
import type { Peer } from './peer.js';
import { broken, deadlinePassed, exhausted, lostOnBus } from './resets.js';

/** One end of a call: what caller and callee have in common, which is a byte stream each way with credit. */
export abstract class CallEnd implements Expiring {
  readonly id: number;
  readonly peer: Peer;
  /** `frameFlag.fromCaller` at the caller, else 0. */
  readonly direction: number;
  readonly outbound: SendWindow;
  readonly inbound: ReceiveWindow;
  readonly deadlineAt: number;
  deadlineIndex = -1;
  /** False after the end, whatever it was. */
  open = true;
  /** The sweep in which it began. */
  readonly openedTick: number;
  /** The sweep in which bytes last went out, while some wait. */
  progressTick: number;
  /** A frame of this call was sent, or received. */
  spoke = false;
  heard = false;
  /** HEAD was sent (callee) or received (caller). */
  headed = false;
  /** The last byte of this direction was sent; received. */
  outboundEnded = false;
  inboundEnded = false;
  /** Bytes that wait for credit, in order, and how many of the first were sent. */
  #waiting: Uint8Array[] = [];
  #begun = 0;
  waitingBytes = 0;
  readonly #share: number;

  constructor(
    peer: Peer,
    id: number,
    options: { direction: number; sendWindow: number; timeoutMs: number | undefined },
  ) {
    const { state } = peer;
    this.peer = peer;
    this.id = id;
    this.direction = options.direction;
    this.outbound = new SendWindow(options.sendWindow);
    this.inbound = new ReceiveWindow(state.limits.callWindowBytes);
    this.openedTick = state.tick;
    this.progressTick = state.tick;
    this.#share = state.limits.callShareBytes;
    this.deadlineAt = options.timeoutMs === undefined ? 0 : performance.now() + options.timeoutMs;
    if (options.timeoutMs !== undefined) state.deadlines.add(this);
  }

  /** Received bytes that fit, and whether they are the last. */
  abstract heardData(chunk: Uint8Array, ended: boolean): void;
  /** Tells our side that the call was ended by the other side, the bus or the time. Only once, by `fail`. */
  protected abstract tell(reset: CallReset): void;
  /** So many bytes of ours have been sent. */
  protected abstract sentBytes(bytes: number): void;
  /** All bytes that waited have been sent. */
  protected abstract sentAll(): void;

  /** True while our side has bytes that wait for credit. */
  get waits(): boolean {
    return this.waitingBytes > 0;
  }

  /** Ends the call; with `answer` the other side is told too. Never throws. */
  fail(reset: CallReset, answer: boolean): void {
    if (!this.open) return;
    if (answer) this.peer.reset(this.id, this.direction, reset);
    this.close();
    try {
      this.tell(reset);
    } catch (thrown) {
      this.peer.state.log.error(`a call failed while it ended: ${errorText(thrown)}`);
    }
  }

  expire(): void {
    this.fail(deadlinePassed, true);
  }

  /** Lets go of everything; nothing is told to anybody. */
  protected close(): void {
    this.open = false;
    const { state } = this.peer;
    state.stats.bytesBuffered -= this.waitingBytes;
    this.waitingBytes = 0;
    this.#waiting = [];
    state.deadlines.remove(this);
    this.peer.release(this);
  }

  /** Sends a frame of this call. */
  protected frame(kind: number, flags: number, offset: number, body?: Uint8Array): void {
    this.spoke = true;
    this.peer.frame(kind, this.direction | flags, this.id, offset, body);
  }

  /** Whether a body fits into a frame; otherwise the call is over at both ends. */
  protected fits(body: Uint8Array, what: string): boolean {
    const largest = this.peer.state.largestMessage - headerBytes;
    if (body.length <= largest) return true;
    const message = `${what} take ${body.length} bytes, and the bus carries at most ${largest} at once`;
    this.fail(exhausted(message, false), true);
    return false;
  }

  // ---- sending

  /** Sends bytes, or keeps them until there is credit. False: some wait. */
  protected send(chunk: Uint8Array): boolean {
    if (!this.waits) {
      if (chunk.length <= this.peer.room(this)) {
        this.#transmit(chunk, 0, chunk.length);
        return true;
      }
      this.progressTick = this.peer.state.tick;
    }
    this.#waiting.push(chunk);
    this.waitingBytes += chunk.length;
    this.peer.state.stats.bytesBuffered += chunk.length;
    if (this.waitingBytes > this.peer.state.limits.pendingBytes) {
      this.fail(exhausted(`${this.waitingBytes} bytes of one call wait for credit`, false), true);
      return false;
    }
    this.pump();
    return !this.waits;
  }

  /** Sends what waits, as far as there is credit. */
  pump(): void {
    while (this.waits && this.sendOne()) {
      // goes on while there is room
    }
  }

  /** Sends one chunk of what waits. False: nothing could be sent; where the peer's credit is missing it is told. */
  sendOne(): boolean {
    const first = this.#waiting[0];
    if (first === undefined) return false;
    const room = this.peer.room(this);
    if (room <= 0) {
      if (this.outbound.room > 0) this.peer.block(this);
      return false;
    }
    const bytes = Math.min(room, first.length - this.#begun, this.peer.state.limits.chunkBytes);
    const from = this.#begun;
    if (from + bytes === first.length) {
      this.#waiting.shift();
      this.#begun = 0;
    } else this.#begun = from + bytes;
    this.waitingBytes -= bytes;
    this.peer.state.stats.bytesBuffered -= bytes;
    this.progressTick = this.peer.state.tick;
    this.#transmit(first, from, from + bytes);
    if (!this.waits && this.open) this.sentAll();
    return true;
  }

  /** The other side lets us send up to `limit`. */
  credited(limit: number): void {
    if (this.outbound.raise(limit) && this.waits) this.peer.wake(this);
  }

  /** Half-closes our direction, after all bytes. */
  protected sendEnd(): void {
    this.outboundEnded = true;
    if (!this.peer.outbox.endLast(this.id, this.direction)) {
      this.frame(frameKind.data, frameFlag.end, this.outbound.sent);
    }
  }

  #transmit(chunk: Uint8Array, from: number, to: number): void {
    const { chunkBytes } = this.peer.state.limits;
    const most = Math.min(chunkBytes, this.peer.state.largestMessage - headerBytes);
    for (let at = from; at < to; at += most) {
      const end = Math.min(to, at + most);
      const part = at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end);
      if (!this.peer.outbox.extendLast(this.id, this.direction, part, most)) {
        this.frame(frameKind.data, 0, this.outbound.sent, part);
      }
      this.outbound.sent += end - at;
    }
    this.peer.outbound.sent += to - from;
    this.sentBytes(to - from);
  }

  // ---- receiving

  /** Whether DATA fits what came before; what is wrong with it otherwise. */
  admit(offset: number, bytes: number, _ended: boolean): CallReset | undefined {
    const { received } = this.inbound;
    if (offset > received) return lostOnBus;
    if (offset < received) return broken(`DATA at ${offset} after ${received} bytes`);
    if (this.inboundEnded) return broken('DATA after the end');
    if (!this.inbound.accepts(bytes)) return broken(`${bytes} bytes at ${offset} are more than was granted`);
    return undefined;
  }

  /** Counts bytes that came and fit. A small part of each call is held beside the peer's window. */
  arrived(bytes: number): void {
    const { charged } = this;
    this.inbound.received += bytes;
    this.peer.giveBack(bytes - (this.charged - charged), false);
  }

  /** Bytes that are held here at the cost of all calls. */
  get charged(): number {
    return Math.max(0, this.inbound.held - this.#share);
  }

  /** Our side has passed received bytes on: gives their credit back. */
  protected giveBack(bytes: number): void {
    const { inbound, charged } = this;
    inbound.consumed += Math.min(bytes, inbound.held);
    const told = this.tellCredit();
    this.peer.giveBack(charged - this.charged, told);
  }

  /** Tells the other side what may be sent, where enough is due. */
  tellCredit(): boolean {
    const { inbound } = this;
    if (this.inboundEnded || inbound.due < this.peer.creditStep(this)) return false;
    // It is read as fast as it comes: the next bytes need not wait for credit so often.
    const { mostCallWindowBytes } = this.peer.state.limits;
    if (inbound.size < mostCallWindowBytes && !this.peer.scarce) inbound.size *= 2;
    this.frame(frameKind.credit, 0, inbound.grant());
    return true;
  }
}
