import { type Due, DueHeap } from './due-heap.js';
import type { Effect } from './effect.js';
import { longestWaitMs, type Way } from './way.js';

/** So much waits at most in one direction; what comes then is dropped, as where a queue is full. */
export const mostDatagrams = 16_384;
const mostBytes = 16 * 1024 * 1024;
/** What a datagram costs beside its own bytes, about. */
const costBytes = 512;

/** A datagram that waits. */
interface Item extends Due {
  readonly bytes: number;
  readonly atMs: number;
  readonly effects: readonly Effect[];
  /** How much later it comes by each of the effects. */
  readonly holds: readonly number[];
  readonly go: () => void;
}

/** Lets datagrams go one way as what disturbs it lets them: late, twice, in another order, or never. */
export class DatagramQueue {
  readonly #way: Way;
  readonly #heap = new DueHeap<Item>();
  readonly #unhear: () => void;
  #turn = 0;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(way: Way) {
    this.#way = way;
    this.#unhear = way.onChange(() => {
      this.#heap.reorder((item) => this.#dueMs(item));
      this.#run();
    });
  }

  /** Nothing disturbs the way, and nothing waits: a datagram may go as it comes. */
  get isClear(): boolean {
    return this.#heap.size === 0 && this.#way.isClear;
  }

  /** Takes a datagram; `go` sends it, and is called once, twice, or not at all. */
  take(bytes: number, go: () => void): void {
    const { effects, counts, isStill } = this.#way;
    let isLost = false;
    let copies = 0;
    let backs = 0;
    const atMs = performance.now();
    // Each effect draws for each datagram, whatever became of it by others: the same lots fall on the same ones again.
    const holds = effects.map((effect) => {
      const strikes = effect.strikes();
      if (effect.kind === 'partition' || (effect.kind === 'loss' && strikes)) isLost = true;
      if (effect.kind === 'duplicate' && strikes) copies += 1;
      if (effect.kind === 'reorder' && strikes) backs += 1;
      return effect.datagramHoldMs(strikes);
    });
    const isFull = this.#heap.size >= mostDatagrams || this.#way.heldBytes + bytes > mostBytes;
    if (isLost || (isFull && !this.isClear)) {
      counts.dropped += 1;
      return;
    }
    counts.duplicated += copies;
    counts.reordered += backs;
    for (let i = 0; i <= copies; i++) {
      let sum = 0;
      const all = holds.map((hold, at) => {
        // Each copy takes its own time on a line that is slow.
        const ms = effects[at]?.departsAtMs === undefined ? hold : this.#rateHoldMs(effects[at], bytes, atMs);
        sum += ms;
        return ms;
      });
      if (sum === 0 && !isStill && this.#heap.size === 0) {
        go();
        continue;
      }
      counts.held += 1;
      this.#hold({ bytes, atMs, effects, holds: all, go, dueMs: atMs + sum, turn: this.#turn++ });
    }
    this.#run();
  }

  /** Forgets all that waits. */
  stop(): void {
    this.#unhear();
    clearTimeout(this.#timer);
    this.#heap.clear();
    this.#way.hold(-this.#bytes);
    this.#bytes = 0;
  }

  #hold(item: Item): void {
    this.#heap.push(item);
    this.#bytes += item.bytes + costBytes;
    this.#way.hold(item.bytes + costBytes);
  }

  #rateHoldMs(effect: Effect | undefined, bytes: number, atMs: number): number {
    return Math.max(0, (effect?.departsAtMs?.(bytes, atMs) ?? atMs) - atMs);
  }

  #run(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (!this.#way.isStill) {
      const next = this.#heap.first;
      if (next === undefined) return;
      const leftMs = next.dueMs - performance.now();
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.#run(), Math.min(longestWaitMs, leftMs));
        this.#timer.unref();
        return;
      }
      this.#heap.shift();
      this.#bytes -= next.bytes + costBytes;
      this.#way.hold(-next.bytes - costBytes);
      next.go();
    }
  }

  /** When it may leave, by what disturbs the way still. */
  #dueMs({ atMs, effects, holds }: Item): number {
    let dueMs = atMs;
    effects.forEach((effect, i) => {
      if (this.#way.effects.includes(effect)) dueMs += holds[i] ?? 0;
    });
    return dueMs;
  }
}
