import type { FaultKind, FaultShape } from '../../fault-kinds.js';
import type { Disturbance, DisturbanceKind } from './disturbance.js';

/** What each kind of fault does to a way, where it does anything to ways. */
const kinds: Readonly<Partial<Record<FaultKind, DisturbanceKind>>> = {
  link: 'partition',
  peers: 'partition',
  partition: 'partition',
  stall: 'stall',
  reset: 'reset',
  loss: 'loss',
  rate: 'rate',
  delay: 'delay',
  duplicate: 'duplicate',
  reorder: 'reorder',
};

/** What a fault does to a way; undefined: nothing. */
export function disturbingOf(kind: FaultKind): DisturbanceKind | undefined {
  return kinds[kind];
}

/** The disturbance that a fault is. */
export function disturbanceOf(kind: DisturbanceKind, shape: FaultShape, endsAtMs: number): Disturbance {
  const { direction, share, delayMs, jitterMs, bytesPerSecond, seed } = shape;
  return { kind, direction, share, delayMs, jitterMs, bytesPerSecond, seed, endsAtMs };
}
