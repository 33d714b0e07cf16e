import type { Arrival } from './adapter.js';

/**
 * Tells how the events of one group came, over any number of subscriptions. A subscription lists what is there and goes
 * on with what comes, and a daemon begins to tell of what comes before it has listed all: so the same event may come
 * twice in it, once from each part. Only an event that comes oftener than that was duplicated.
 */
export class Arrivals {
  /** Every event that ever came. */
  readonly #known: Set<string>;
  readonly #mostEvents: number;
  /** How often each event came in this subscription, where it came at all. */
  #counts = new Map<string, number>();
  /** The events that may come twice in this subscription. */
  #overlap = new Set<string>();
  #listed = false;

  /** `known`: events that came before this process was started. At most `mostEvents` are told apart. */
  constructor(known: Iterable<string> = [], mostEvents = 2_000_000) {
    this.#known = new Set(known);
    this.#mostEvents = mostEvents;
  }

  /** Events that ever came. */
  get size(): number {
    return this.#known.size;
  }

  /** A subscription begins. */
  subscribed(): void {
    this.#counts = new Map();
    this.#overlap = new Set();
    this.#listed = false;
  }

  /** All that was there when the subscription began has come: from now on nothing is listed. */
  listed(): void {
    this.#listed = true;
    this.#overlap = new Set(this.#counts.keys());
  }

  /** An event came. Throws a `RangeError` when there are too many to tell them apart. */
  came(event: string): Arrival {
    const before = this.#counts.get(event) ?? 0;
    this.#counts.set(event, before + 1);
    if (!this.#known.has(event)) {
      if (this.#known.size >= this.#mostEvents) {
        throw new RangeError(`a group has more than ${this.#mostEvents} events`);
      }
      this.#known.add(event);
      return 'first';
    }
    if (before === 0) return 'replayed';
    const mayComeTwice = !this.#listed || this.#overlap.has(event);
    return mayComeTwice && before === 1 ? 'replayed' : 'duplicated';
  }
}
