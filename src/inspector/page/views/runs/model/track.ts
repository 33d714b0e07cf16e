/** So many steps of a track are kept, unless somebody says otherwise. */
const mostSteps = 600;

/** A value over time, as a staircase. Of very many steps some are forgotten, evenly; never the first or the last. */
export class Track<T extends string | number | boolean> {
  readonly #most: number;
  #times: number[] = [];
  #values: T[] = [];
  /** Steps nearer to each other than this are forgotten, milliseconds. */
  #apartMs = 0;

  constructor(most = mostSteps) {
    this.#most = most;
  }

  /** From `atMs` on it is `value`; a time before the last step is taken for that step's. */
  add(atMs: number, value: T): void {
    const last = this.#values.length - 1;
    if (last >= 0 && this.#values[last] === value) return;
    const when = Math.max(atMs, this.#times[last] ?? atMs);
    if (last > 0 && (this.#times[last] ?? 0) - (this.#times[last - 1] ?? 0) < this.#apartMs) {
      this.#times.pop();
      this.#values.pop();
    }
    this.#times.push(when);
    this.#values.push(value);
    if (this.#values.length > this.#most) this.#thin();
  }

  /** What it is at a time; undefined: it has not begun. */
  at(atMs: number): T | undefined {
    let [low, high] = [0, this.#times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] ?? 0) <= atMs) low = middle + 1;
      else high = middle;
    }
    return this.#values[low - 1];
  }

  /** The steps, the earliest first. */
  get steps(): readonly (readonly [atMs: number, value: T])[] {
    return this.#times.flatMap((atMs, i) => {
      const value = this.#values[i];
      return value === undefined ? [] : [[atMs, value] as const];
    });
  }

  #thin(): void {
    const [times, values] = [this.#times, this.#values];
    const last = times.length - 1;
    const lengthMs = (times[last] ?? 0) - (times[0] ?? 0);
    this.#apartMs = 2 * Math.max(this.#apartMs, lengthMs / this.#most);
    let before = Number.NEGATIVE_INFINITY;
    const kept = times.map((atMs, i) => {
      const keep = atMs - before >= this.#apartMs || i === last;
      if (keep) before = atMs;
      return keep;
    });
    this.#times = times.filter((_, i) => kept[i]);
    this.#values = values.filter((_, i) => kept[i]);
  }
}

/**
 * A count that has reached `total` after all of `times`; where some of them are not known, each that is stands for its share.
 * Times need no order.
 */
export function countUp(times: readonly number[], total: number): Track<number> {
  const track = new Track<number>();
  const sorted = times.toSorted((a, b) => a - b);
  // Steps that would be forgotten anyway are not made.
  const stride = Math.max(1, Math.ceil(sorted.length / mostSteps));
  for (const [i, atMs] of sorted.entries()) {
    const isLast = i === sorted.length - 1;
    if (i % stride === 0 || isLast) track.add(atMs, Math.round((total * (i + 1)) / sorted.length));
  }
  return track;
}
