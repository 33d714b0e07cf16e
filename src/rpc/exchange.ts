import { errorText } from '../errors.js';
import type { Logger } from '../log.js';
import type { Call, CallHead, CallSink, CallTarget } from './call.js';
import type { ExchangePort, PeerAddress } from './exchange-port.js';
import { ExchangeState, type ExchangeStats } from './exchange-state.js';
import { FrameCursor, frameKind } from './frame.js';
import { defaultLimits, type ExchangeLimits } from './limits.js';
import { MessageWork } from './message-work.js';
import { Peer } from './peer.js';
import { Pings } from './pings.js';
import { receiveFrame } from './receive.js';
import { refuseCall } from './refused-call.js';
import { exhausted, unavailable } from './resets.js';
import { answerStranger, isWelcome } from './stranger.js';

export type { ExchangeStats } from './exchange-state.js';

/** What an exchange needs. */
export interface ExchangeOptions {
  /** This process, as others address it. */
  readonly self: PeerAddress;
  /** The way to the bus, or where to find it now. */
  readonly port: ExchangePort | (() => ExchangePort);
  readonly log: Logger;
  readonly limits?: Partial<ExchangeLimits>;
  /** Id of the first call, 1 to 2^32 - 1. */
  readonly firstCallId?: number;
}

/**
 * All calls between this process and others, as frames on the bus (docs/protocol.md). The owner of the link hands in
 * what comes, and tells when the link is lost and back.
 */
export class Exchange {
  /** Told of each valid ping of another process, and whether that process gives calls to this one now. */
  onPing: ((from: PeerAddress, given: boolean) => void) | undefined;
  readonly #self: PeerAddress;
  readonly #state: ExchangeState;
  readonly #pings: Pings;
  readonly #peers = new Map<string, Peer>();
  readonly #cursor = new FrameCursor();
  readonly #work: MessageWork;
  readonly #sweeper: NodeJS.Timeout;
  #closed = false;
  #disconnectedTick = 0;

  constructor(options: ExchangeOptions) {
    const { port } = options;
    const limits = { ...defaultLimits, ...options.limits };
    this.#self = options.self;
    this.#work = new MessageWork(limits.callsPerPeer);
    this.#state = new ExchangeState({
      limits,
      log: options.log,
      port: typeof port === 'function' ? port : () => port,
      firstCallId: options.firstCallId ?? 1,
    });
    this.#pings = new Pings(this.#state);
    this.#sweeper = setInterval(() => this.#sweep(), limits.sweepMs);
    this.#sweeper.unref();
  }

  // ---- calls

  /** Takes calls for another process. */
  target(to: PeerAddress): CallTarget {
    const key = keyOf(to);
    return { open: (head, sink) => this.#open(to, key, head, sink) };
  }

  /** Who takes the calls that others open here; undefined: nobody. */
  serve(target: CallTarget | undefined): void {
    this.#state.target = target;
  }

  /**
   * Round trip to another process in milliseconds; `given` tells it that calls go there from here. Rejects with
   * `PosternError`: `NO_RESPONDERS` when the bus knows that nobody listens there, `NO_ANSWER` after `timeoutMs` or
   * where this process is not connected itself.
   */
  ping(to: PeerAddress, timeoutMs: number, given = false): Promise<number> {
    return this.#pings.ping(to, timeoutMs, given);
  }

  /**
   * Ends all calls with a process that is gone, with UNAVAILABLE and `reason`. `parted`: it has said so itself, after
   * the ends of all calls that it knew; one without any answer has never reached its server and is refused.
   */
  forget(to: PeerAddress, reason: string, parted = false): void {
    const peer = this.#peers.get(keyOf(to));
    if (peer === undefined) return;
    if (parted) peer.failCalls(unavailable(reason, true), (call) => call.direction !== 0 && !call.heard);
    this.#drop(peer, reason);
  }

  /** Calls open in both directions, with one process or all. */
  callsOpen(to?: PeerAddress): number {
    return to === undefined ? this.#state.calls : (this.#peers.get(keyOf(to))?.calls ?? 0);
  }

  /** What it holds and has done. */
  stats(): ExchangeStats {
    const { stats, deadlines } = this.#state;
    return { ...stats, deadlines: deadlines.size };
  }

  // ---- the link

  /** Takes a message of another process, which belongs to the exchange from now on. Never throws. */
  receive(from: PeerAddress, message: Uint8Array): void {
    if (this.#closed) return;
    const state = this.#state;
    const cursor = this.#cursor;
    const key = keyOf(from);
    let peer = this.#peers.get(key);
    state.stats.messagesIn++;
    cursor.start(message);
    this.#work.start();
    while (!this.#closed && cursor.next()) {
      if (!this.#work.allows(cursor, peer?.calls ?? 0)) {
        cursor.broken = true;
        break;
      }
      state.stats.framesIn++;
      if (cursor.kind === frameKind.ping || cursor.kind === frameKind.pong) {
        this.#pinged(from);
        continue;
      }
      if (peer === undefined || peer.gone) peer = this.#peers.get(key);
      if (peer === undefined && isWelcome(state, cursor)) peer = this.#meet(from);
      if (peer === undefined) answerStranger(state, from, cursor);
      else receiveFrame(peer, cursor);
    }
    if (cursor.broken) state.stats.messagesBad++;
  }

  /** The bus knows that nobody listened at `to` when the message with this ticket came. */
  noResponders(to: PeerAddress, ticket: number): void {
    this.#pings.noResponders(to);
    this.#peers.get(keyOf(to))?.noResponders(ticket);
  }

  /** Our link is lost: no new calls, and the open ones wait for `resync`. */
  disconnected(): void {
    const state = this.#state;
    if (state.disconnected) return;
    state.disconnected = true;
    this.#disconnectedTick = state.tick;
  }

  /** Our link is back: both ends of each call find out what was lost. */
  resync(): void {
    const state = this.#state;
    state.disconnected = false;
    state.resyncTick = state.tick;
    for (const peer of this.#peers.values()) {
      // Also where no call is open here: one may be open there whose end was lost.
      peer.sync(true);
      peer.pumpBlocked();
      peer.outbox.flush();
    }
  }

  // ---- the end

  /**
   * Takes and makes no new calls. Resolves when none is open; those that still are after `graceMs` end with
   * UNAVAILABLE.
   */
  async drain(graceMs: number): Promise<void> {
    const state = this.#state;
    state.accepting = false;
    if (state.calls === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      timer.unref();
      state.idle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    state.idle = undefined;
    const reset = unavailable(`${this.#self.name} is stopping`);
    for (const peer of this.#peers.values()) peer.failCalls(reset);
    state.flushAll();
  }

  /** Ends all calls at both ends, as far as the link allows, and stops for good. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#state.accepting = false;
    clearInterval(this.#sweeper);
    this.#pings.close();
    for (const peer of [...this.#peers.values()]) this.#drop(peer, `${this.#self.name} is stopping`);
    this.#state.close();
  }

  /** @param key of `to`: a string that is made once is found sooner. */
  #open(to: PeerAddress, key: string, head: CallHead, sink: CallSink): Call {
    const state = this.#state;
    if (!state.accepting)
      return refuseCall(sink, unavailable(`${this.#self.name} is stopping`, true), state.log);
    if (!state.up) return refuseCall(sink, unavailable('the bus is not connected', true), state.log);
    const known = this.#peers.get(key);
    if (known === undefined && state.stats.peers >= state.limits.peers) {
      return refuseCall(sink, exhausted(`calls are open with ${state.stats.peers} processes`), state.log);
    }
    return (known ?? this.#meet(to)).open(head, sink);
  }

  #meet(address: PeerAddress): Peer {
    const peer = new Peer({ name: address.name, instance: address.instance }, this.#state);
    this.#peers.set(keyOf(address), peer);
    this.#state.stats.peers++;
    return peer;
  }

  #drop(peer: Peer, reason: string): void {
    if (!this.#peers.delete(keyOf(peer.address))) return;
    this.#state.stats.peers--;
    peer.failCalls(unavailable(reason));
    peer.gone = true;
    peer.outbox.flush();
    peer.outbox.drop();
  }

  #pinged(from: PeerAddress): void {
    const given = this.#pings.receive(from, this.#cursor);
    if (given === undefined) return;
    try {
      this.onPing?.(from, given);
    } catch (thrown) {
      this.#state.log.error({ peer: from.name }, `a ping was not heard: ${errorText(thrown)}`);
    }
  }

  #sweep(): void {
    const state = this.#state;
    state.tick++;
    const idleSince = state.tick - state.ticks(state.limits.idleMs);
    const givenUp =
      state.disconnected && state.tick - this.#disconnectedTick >= state.ticks(state.limits.disconnectedMs);
    for (const peer of this.#peers.values()) {
      if (givenUp) peer.failCalls(unavailable('the bus was lost'));
      peer.sweep();
      if (peer.calls === 0 && peer.activeTick <= idleSince) this.#drop(peer, 'idle');
    }
  }
}

function keyOf({ name, instance }: PeerAddress): string {
  return `${name}.${instance}`;
}
