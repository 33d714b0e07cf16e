import { Lot } from '../../lot.js';
import type { Disturbance } from './disturbance.js';

/** A segment of TCP is lost for at least so long: Linux's TCP_RTO_MIN, milliseconds. */
export const shortestRetransmissionMs = 200;
/** And for no longer at once: Linux's TCP_RTO_MAX, in the bounds of RFC 6298 (2.5), milliseconds. */
const longestRetransmissionMs = 120_000;
/** Bytes of a segment of TCP with time stamps in a packet of 1500 bytes: what one lot is drawn for, and sent at once. */
export const segmentBytes = 1448;
/** A datagram that is to be overtaken is held back for so long where nothing else is said, milliseconds. */
export const usualReorderMs = 20;

/** What one disturbance does to what goes in one direction. */
export interface Effect {
  readonly kind: Disturbance['kind'];
  /** Nothing goes on. */
  readonly still: boolean;
  /** How much later the next segment of a stream comes, milliseconds; drawn anew each time. */
  holdMs(): number;
  /** The same for a datagram, on which the lot has fallen or not. */
  datagramHoldMs(strikes: boolean): number;
  /** When so many bytes that may leave from `fromMs` on have left; undefined: it limits no rate. */
  readonly departsAtMs?: (bytes: number, fromMs: number) => number;
  /** Whether the lot falls on the next datagram: it is lost, comes twice, or is overtaken. */
  strikes(): boolean;
}

/**
 * The effect in one direction of a way. The same seed, way and direction give the same lots for the same packets.
 * @param way tells it from other ways of the same disturbance, its direction included.
 */
export function effectOf(disturbance: Disturbance, way: string): Effect {
  const { kind, share, delayMs, jitterMs, bytesPerSecond, seed } = disturbance;
  const lot = new Lot(seed, way, kind);
  const draw = (): number => lot.next() / 2 ** 32;
  const plain = { kind, still: false, holdMs: () => 0, datagramHoldMs: () => 0, strikes: () => false };
  switch (kind) {
    case 'partition':
    case 'stall':
      return { ...plain, still: true };
    case 'delay': {
      const holdMs = (): number =>
        jitterMs === 0 ? delayMs : Math.max(0, delayMs + jitterMs * (2 * draw() - 1));
      return { ...plain, holdMs, datagramHoldMs: holdMs };
    }
    case 'rate':
      return { ...plain, departsAtMs: bucket(bytesPerSecond) };
    case 'loss':
      return {
        ...plain,
        holdMs: () => retransmissionMs(() => draw() < share),
        strikes: () => draw() < share,
      };
    case 'duplicate':
      return { ...plain, strikes: () => draw() < share };
    case 'reorder': {
      const backMs = delayMs === 0 ? usualReorderMs : delayMs;
      return { ...plain, strikes: () => draw() < share, datagramHoldMs: (strikes) => (strikes ? backMs : 0) };
    }
    case 'reset':
      return plain;
  }
}

/**
 * How long a stream waits for a segment that is lost with each try with this chance: the retransmission time-out, doubled
 * each time (RFC 6298, 5.5).
 */
function retransmissionMs(isLost: () => boolean): number {
  let sum = 0;
  for (let timeout = shortestRetransmissionMs; isLost(); timeout *= 2) {
    sum += Math.min(timeout, longestRetransmissionMs);
    // Nobody waits longer than the longest fault.
    if (sum > 3_600_000) break;
  }
  return sum;
}

/**
 * A token bucket, as a generic cell rate algorithm (ITU-T I.371, virtual scheduling) that gives no credit to whoever has
 * nothing to send.
 */
function bucket(bytesPerSecond: number): (bytes: number, fromMs: number) => number {
  let freeAtMs = Number.NEGATIVE_INFINITY;
  return (bytes, fromMs) => {
    freeAtMs = Math.max(freeAtMs, fromMs) + (bytes / bytesPerSecond) * 1000;
    return freeAtMs;
  };
}
