import type { FaultDirection } from '../../fault-kinds.js';

/** What can be done to what goes on a way in userspace. */
export const disturbances = [
  'partition',
  'stall',
  'reset',
  'loss',
  'rate',
  'delay',
  'duplicate',
  'reorder',
] as const;
export type DisturbanceKind = (typeof disturbances)[number];

/** One disturbance of a way; amounts that its kind does not have are 0. */
export interface Disturbance {
  readonly kind: DisturbanceKind;
  /** As seen from this machine. */
  readonly direction: FaultDirection;
  /** Of packets, 0 to 1. */
  readonly share: number;
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly bytesPerSecond: number;
  /** What its chance is drawn from. */
  readonly seed: string;
  /** It ends by then even if nobody ends it, Unix milliseconds. */
  readonly endsAtMs: number;
}
