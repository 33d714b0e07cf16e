/** The part of a run's time that a drawing shows, Unix milliseconds. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

/** Shorter than this a window does not get, milliseconds. */
const shortest = 5;

/** A window `factor` times as long, around a moment that keeps its place; inside of the whole. */
export function zoomed(window: TimeWindow, whole: TimeWindow, factor: number, around: number): TimeWindow {
  const length = Math.min(whole.to - whole.from, Math.max(shortest, (window.to - window.from) * factor));
  const place = (around - window.from) / (window.to - window.from);
  return within({ from: around - place * length, to: around + (1 - place) * length }, whole);
}

/** A window moved by a part of its length; inside of the whole. */
export function moved(window: TimeWindow, whole: TimeWindow, part: number): TimeWindow {
  const by = (window.to - window.from) * part;
  return within({ from: window.from + by, to: window.to + by }, whole);
}

/** The window around some moments, with a margin; inside of the whole. */
export function around(moments: readonly number[], whole: TimeWindow): TimeWindow {
  const from = moments.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const to = moments.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (!(to >= from)) return whole;
  const margin = Math.max(250, (to - from) * 0.15);
  return within({ from: from - margin, to: to + margin }, whole);
}

function within(window: TimeWindow, whole: TimeWindow): TimeWindow {
  const length = Math.min(window.to - window.from, whole.to - whole.from);
  const from = Math.min(Math.max(window.from, whole.from), whole.to - length);
  return { from, to: from + length };
}
