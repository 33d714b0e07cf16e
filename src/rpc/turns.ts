import type { CallEnd } from './call-end.js';
import type { Peer } from './peer.js';

/**
 * Shares the credit of a peer between the calls. The last quarter is for calls that have little on the way: as the
 * peer holds so much of each call beside the window, calls that nobody reads cannot use it up, however many they are.
 */
export class Turns {
  /** Credit that only calls with little on the way may use, in bytes. */
  readonly reserve: number;
  readonly #peer: Peer;
  /** So much is little. */
  readonly #share: number;
  /** Calls that wait for any credit, and for more than the reserve; the first is next. */
  readonly #small = new Set<CallEnd>();
  readonly #large = new Set<CallEnd>();

  constructor(peer: Peer) {
    const { limits } = peer.state;
    this.#peer = peer;
    this.reserve = limits.peerWindowBytes / 4;
    this.#share = limits.callShareBytes;
  }

  /** Bytes that a call may send now. */
  room({ outbound }: CallEnd): number {
    if (!this.#peer.state.up) return 0;
    const own = outbound.room;
    const { room } = this.#peer.outbound;
    const spare = room - this.reserve;
    if (own <= spare) return own;
    return Math.min(own, Math.max(spare, Math.min(room, this.#share - outbound.outstanding)));
  }

  /** A call has bytes and credit of its own, and waits for the peer's or the link. */
  wait(call: CallEnd): void {
    const small = call.outbound.outstanding < this.#share;
    (small ? this.#large : this.#small).delete(call);
    (small ? this.#small : this.#large).add(call);
  }

  /** A call does not wait any more. */
  leave(call: CallEnd): void {
    this.#small.delete(call);
    this.#large.delete(call);
  }

  /** Lets the calls that wait send in turn, as far as there is credit. */
  go(sendOne: (call: CallEnd) => void): void {
    this.#goThrough(this.#small, 0, sendOne);
    this.#goThrough(this.#large, this.reserve, sendOne);
  }

  #goThrough(waiting: Set<CallEnd>, keep: number, sendOne: (call: CallEnd) => void): void {
    const { state, outbound } = this.#peer;
    while (waiting.size > 0 && outbound.room > keep && state.up) {
      const [call] = waiting;
      if (call === undefined) return;
      waiting.delete(call);
      sendOne(call);
      if (call.open && call.waits && call.outbound.room > 0) this.wait(call);
    }
  }
}
