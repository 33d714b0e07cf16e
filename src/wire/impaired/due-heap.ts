/** What is due at some time; of the same time, in the order of coming. */
export interface Due {
  dueMs: number;
  readonly turn: number;
}

/** A binary heap: what is due first comes first. */
export class DueHeap<T extends Due> {
  #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    let at = this.#items.push(item) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = this.#items[above];
      if (other === undefined || isBefore(other, item)) break;
      this.#items[at] = other;
      at = above;
    }
    this.#items[at] = item;
  }

  shift(): T | undefined {
    const [first] = this.#items;
    const last = this.#items.pop();
    if (last === undefined || first === last) return first;
    this.#sink(last);
    return first;
  }

  /** Puts all in order again, by times that `dueMs` gives anew. */
  reorder(dueMs: (item: T) => number): void {
    const items = this.#items;
    this.#items = [];
    for (const item of items) {
      item.dueMs = dueMs(item);
      this.push(item);
    }
  }

  clear(): void {
    this.#items = [];
  }

  #sink(item: T): void {
    let at = 0;
    for (;;) {
      const left = this.#items[2 * at + 1];
      const right = this.#items[2 * at + 2];
      const least = left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
      if (least === undefined || isBefore(item, least)) break;
      this.#items[at] = least;
      at = 2 * at + (least === left ? 1 : 2);
    }
    this.#items[at] = item;
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.dueMs === other.dueMs ? one.turn < other.turn : one.dueMs < other.dueMs;
}
