import type { Disturbance } from './disturbance.js';
import type { Way } from './way.js';

/** Timers of Node.js hold no more, milliseconds. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Begins a disturbance, of both directions of a way or as `by` does it, which ends when what is given back is called, and
 * at its end in any case.
 */
export function disturbUntil(
  disturbance: Disturbance,
  by: { readonly in: Way; readonly out: Way } | (() => () => void),
): () => void {
  const ends = typeof by === 'function' ? [by()] : [by.in.disturb(disturbance), by.out.disturb(disturbance)];
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    for (const one of ends) one();
  };
  const leftMs = Math.min(longestTimerMs, Math.max(0, disturbance.endsAtMs - Date.now()));
  const timer = setTimeout(end, leftMs);
  timer.unref();
  return end;
}
