/** Shortest wait before another attempt, milliseconds. */
export const backoffFirstMs = 250;
/** Longest wait before another attempt, milliseconds. */
export const backoffMaxMs = 15_000;

/**
 * How long to wait after the `attempt`-th failure in a row (counted from 1), in milliseconds: doubled each time, from
 * 250 ms to 15 s. Whoever runs the machine adds the jitter.
 */
export function backoffMs(attempt: number): number {
  const doublings = Math.max(0, Math.floor(attempt) - 1);
  return Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.min(doublings, 16));
}
