/** Something that is over at a time. */
export interface Expiring {
  /** When, in milliseconds of `performance.now()`. */
  readonly deadlineAt: number;
  /** Its place among the deadlines; -1: none. Kept by `Deadlines`. */
  deadlineIndex: number;
  /** The time has come; it is among the deadlines no more. */
  expire(): void;
}

/** Longest delay that a Node timer takes; a longer one would fire at once. */
const longestDelayMs = 2 ** 31 - 1;

/**
 * Many deadlines on one timer: a binary heap whose entries know their place, so that a call that ends early is taken
 * out and leaves nothing behind.
 */
export class Deadlines {
  readonly #heap: Expiring[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires; never later than the first deadline. */
  #firesAt = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#heap.length;
  }

  add(entry: Expiring): void {
    this.#up(this.#heap.length, entry);
    if (entry.deadlineAt < this.#firesAt) this.#arm(entry.deadlineAt, performance.now());
  }

  /** Takes an entry out, where it is in. */
  remove(entry: Expiring): void {
    const at = entry.deadlineIndex;
    if (at < 0) return;
    entry.deadlineIndex = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    const parent = this.#heap[(at - 1) >> 1];
    if (at > 0 && parent !== undefined && parent.deadlineAt > last.deadlineAt) this.#up(at, last);
    else this.#down(at, last);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#firesAt = Number.POSITIVE_INFINITY;
    for (const entry of this.#heap.splice(0)) entry.deadlineIndex = -1;
  }

  #arm(at: number, now: number): void {
    clearTimeout(this.#timer);
    const delay = Math.min(longestDelayMs, Math.max(1, Math.ceil(at - now)));
    this.#firesAt = now + delay;
    this.#timer = setTimeout(() => this.#fire(), delay);
    this.#timer.unref();
  }

  #fire(): void {
    this.#firesAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return;
      if (first.deadlineAt > now) {
        if (first.deadlineAt < this.#firesAt) this.#arm(first.deadlineAt, now);
        return;
      }
      this.remove(first);
      first.expire();
    }
  }

  /** Puts an entry at `at` or above. */
  #up(at: number, entry: Expiring): void {
    const heap = this.#heap;
    let place = at;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.deadlineAt <= entry.deadlineAt) break;
      heap[place] = parent;
      parent.deadlineIndex = place;
      place = above;
    }
    heap[place] = entry;
    entry.deadlineIndex = place;
  }

  /** Puts an entry at `at` or below. */
  #down(at: number, entry: Expiring): void {
    const heap = this.#heap;
    let place = at;
    for (;;) {
      let below = 2 * place + 1;
      let child = heap[below];
      if (child === undefined) break;
      const other = heap[below + 1];
      if (other !== undefined && other.deadlineAt < child.deadlineAt) {
        child = other;
        below++;
      }
      if (child.deadlineAt >= entry.deadlineAt) break;
      heap[place] = child;
      child.deadlineIndex = place;
      place = below;
    }
    heap[place] = entry;
    entry.deadlineIndex = place;
  }
}
