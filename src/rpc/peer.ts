import { errorText } from '../errors.js';
import { Reset } from '../gen/postern/bus/v1/frame.js';
import type { Call, CallHead, CallReset, CallSink } from './call.js';
import type { CallEnd } from './call-end.js';
import type { CalleeCall } from './callee-call.js';
import { CallerCall } from './caller-call.js';
import { ReceiveWindow, SendWindow } from './credit.js';
import type { PeerAddress } from './exchange-port.js';
import type { ExchangeState } from './exchange-state.js';
import { frameFlag, frameKind, headerBytes } from './frame.js';
import { syncCallBytes } from './limits.js';
import { Outbox } from './outbox.js';
import { refuseCall } from './refused-call.js';
import { broken, exhausted, fitReset, unavailable } from './resets.js';
import { describeCalls, isLater } from './sync.js';
import { Turns } from './turns.js';

/** Everything between this process and one other: the calls both ways, and the credit that they share. */
export class Peer {
  readonly address: PeerAddress;
  readonly state: ExchangeState;
  readonly outbox: Outbox;
  /** Calls by id: made from here, and served here. */
  readonly made = new Map<number, CallerCall>();
  readonly served = new Map<number, CalleeCall>();
  readonly outbound: SendWindow;
  readonly inbound: ReceiveWindow;
  /** The id of the last OPEN that came. */
  lastOpenSeen: number | undefined;
  /** Forgotten: takes and sends nothing more. */
  gone = false;
  /** The sweep in which a frame last went either way. */
  activeTick: number;
  /** The sweep in which a frame last came. */
  heardTick: number;
  /** The sweeps in which the last SYNC was sent, and the last one that asks for an answer. */
  syncTick: number;
  askedTick: number;
  /** An answer to our SYNC is due. */
  unanswered = false;
  /** The peer was told what is known here, so that both count from the same offsets. */
  #greeted = false;
  /** Calls that wait for credit of the peer or for the link. */
  readonly #turns: Turns;
  /** How much has to be due to a call before the peer is told, when that may hold back. */
  readonly #shortStep: number;
  readonly #shortBelow: number;

  constructor(address: PeerAddress, state: ExchangeState) {
    const { limits, tick } = state;
    this.address = address;
    this.state = state;
    this.outbox = new Outbox(address, state);
    this.outbound = new SendWindow(limits.peerWindowBytes);
    this.inbound = new ReceiveWindow(limits.peerWindowBytes);
    this.#turns = new Turns(this);
    this.#shortStep = limits.callShareBytes / 2;
    this.#shortBelow = 2 * (this.#turns.reserve + limits.callWindowBytes);
    this.activeTick = tick;
    this.heardTick = tick;
    this.syncTick = tick;
    this.askedTick = tick;
  }

  /** Calls open in both directions. */
  get calls(): number {
    return this.made.size + this.served.size;
  }

  /** So many calls may be open: all of them must fit into one SYNC. */
  get mostCalls(): number {
    const { limits, largestMessage } = this.state;
    return Math.min(limits.callsPerPeer, Math.floor((largestMessage - 2 * headerBytes) / syncCallBytes));
  }

  // ---- calls

  /** Opens a call to the peer. */
  open(head: CallHead, sink: CallSink): Call {
    const { state, address } = this;
    if (this.calls >= this.mostCalls) {
      return refuseCall(sink, exhausted(`${this.calls} calls are open with ${address.name}`), state.log);
    }
    const body = state.writer.open(head, state.limits.callWindowBytes);
    const largest = state.largestMessage - headerBytes;
    if (body.length > largest) {
      const message = `the request metadata take ${body.length} bytes, and the bus carries at most ${largest} at once`;
      return refuseCall(sink, exhausted(message), state.log);
    }
    let id = state.nextId();
    while (this.made.has(id)) id = state.nextId();
    if (this.calls === 0) this.syncTick = state.tick;
    this.greet();
    this.frame(frameKind.open, frameFlag.fromCaller, id, 0, body);
    const call = new CallerCall(this, id, head, sink, this.outbox.ticket());
    this.made.set(id, call);
    state.countCall(true, 1);
    return call;
  }

  /** Registers a call that the peer has opened. */
  serve(call: CalleeCall): void {
    if (this.calls === 0) this.syncTick = this.state.tick;
    this.served.set(call.id, call);
    this.state.countCall(false, 1);
  }

  /** A call has ended: what is left of it here. */
  release(call: CallEnd): void {
    const made = call.direction !== 0;
    if (!(made ? this.made : this.served).delete(call.id)) return;
    this.#turns.leave(call);
    this.giveBack(call.charged, false);
    this.state.countCall(made, -1);
  }

  /** Ends all calls that `which` picks. */
  failCalls(reset: CallReset, which: (call: CallEnd) => boolean = () => true): void {
    for (const call of [...this.made.values(), ...this.served.values()]) {
      if (which(call)) call.fail(reset, true);
    }
  }

  /** Nobody listened when the message with this ticket came: the calls that it should open never arrived. */
  noResponders(ticket: number): void {
    const reset = unavailable(`${this.address.name} does not listen on the bus`, true);
    for (const call of [...this.made.values()]) {
      if (call.ticket === ticket && !call.heard) call.fail(reset, true);
    }
  }

  /** Whether a call of the peer was never seen here; false where that is not certain. */
  neverSeen(id: number): boolean {
    return this.lastOpenSeen !== undefined && isLater(id, this.lastOpenSeen);
  }

  // ---- sending

  /** Before the first call: tells the peer where this process counts from, and asks for the same. */
  greet(): void {
    if (!this.#greeted) this.sync(true);
  }

  /** Sends a frame. */
  frame(kind: number, flags: number, id: number, offset: number, body?: Uint8Array): void {
    this.activeTick = this.state.tick;
    this.outbox.frame(kind, flags, id, offset, body);
  }

  /** Tells the peer that a call is over; `direction` is FROM_CALLER where this process is its caller, else 0. */
  reset(id: number, direction: number, reset: CallReset): void {
    this.frame(frameKind.reset, direction, id, 0, Reset.encode(fitReset(reset)).finish());
  }

  /** Tells the peer what is known here of all calls. */
  sync(answer: boolean): void {
    this.#greeted = true;
    this.syncTick = this.state.tick;
    if (answer) {
      this.askedTick = this.state.tick;
      this.unanswered = true;
    }
    this.frame(frameKind.sync, 0, 0, 0, describeCalls(this, answer));
  }

  // ---- credit of the peer

  /** Bytes that a call may send now. */
  room(call: CallEnd): number {
    return this.#turns.room(call);
  }

  /** A call waits for credit of the peer. */
  block(call: CallEnd): void {
    this.#turns.wait(call);
  }

  /** A call has got credit of its own. */
  wake(call: CallEnd): void {
    this.#guard(call, () => call.pump());
  }

  /** The peer lets all calls together send up to `limit`, though never more than a window ahead. */
  credited(limit: number): void {
    const { outbound } = this;
    if (outbound.raise(Math.min(limit, outbound.sent + outbound.size))) this.pumpBlocked();
  }

  /**
   * How much has to be due to a call before the peer is told: half its window. When much of the peer's is held here, the
   * peer lets each call have little on the way, and must hear of it sooner.
   */
  creditStep(call: CallEnd): number {
    return this.scarce ? this.#shortStep : call.inbound.size / 2;
  }

  /** Whether so much of the window is held here that the peer may hold back. */
  get scarce(): boolean {
    const { size, held } = this.inbound;
    return size - held < this.#shortBelow;
  }

  /** Gives credit of all calls back: with a call's own, or when there is half of what is free. */
  giveBack(bytes: number, together: boolean): void {
    const { inbound } = this;
    inbound.consumed += bytes;
    if ((together || inbound.dueByHalf) && !this.gone) this.frame(frameKind.credit, 0, 0, inbound.grant());
  }

  /** Lets the calls that wait send in turn, one chunk each. */
  pumpBlocked(): void {
    this.#turns.go((call) => this.#guard(call, () => call.sendOne()));
  }

  /** What is to be done from time to time. */
  sweep(): void {
    const { state } = this;
    const { limits, tick } = state;
    if (!state.up) return;
    const unheardSince = tick - state.ticks(limits.acceptTimeoutMs);
    const silentSince = tick - state.ticks(limits.acceptAfterMs);
    const stalledSince = tick - state.ticks(limits.stalledMs);
    let stalled = false;
    for (const call of this.made.values()) {
      call.tellCredit();
      if (!call.heard && Math.max(call.openedTick, state.resyncTick) < unheardSince) {
        call.fail(unavailable(`${this.address.name} took no notice of the call`), true);
      } else if (call.waits && call.progressTick <= stalledSince) stalled = true;
    }
    for (const call of this.served.values()) {
      call.tellCredit();
      if (!call.spoke && call.openedTick <= silentSince) call.accept();
      if (call.waits && call.progressTick <= stalledSince) stalled = true;
    }
    this.#giveUpSilent(tick - state.ticks(limits.silentMs));
    this.pumpBlocked();
    if (this.calls > 0) this.#syncWhereDue(stalled);
    if (!this.outbox.empty) this.outbox.flush();
  }

  /** A peer that lives says SYNC now and then while calls are open: one that does not is gone, and they with it. */
  #giveUpSilent(since: number): void {
    if (Math.max(this.heardTick, this.state.resyncTick) > since) return;
    const reset = unavailable(`nothing was heard of ${this.address.name} for a long time`);
    this.failCalls(reset, (call) => call.openedTick <= since);
  }

  #syncWhereDue(stalled: boolean): void {
    const { state, askedTick } = this;
    const { limits, tick } = state;
    const repeat = this.unanswered && askedTick <= tick - state.ticks(limits.answerMs);
    const missing = stalled && askedTick <= tick - state.ticks(limits.stalledMs);
    if (repeat || missing) this.sync(true);
    else if (this.syncTick <= tick - state.ticks(limits.syncEveryMs)) this.sync(false);
  }

  /** Runs what calls into foreign code: a throw there ends that call alone. */
  #guard(call: CallEnd, action: () => void): void {
    try {
      action();
    } catch (thrown) {
      this.state.log.error({ peer: this.address.name }, `a call failed: ${errorText(thrown)}`);
      call.fail(broken('an internal error ended the call'), true);
    }
  }
}
