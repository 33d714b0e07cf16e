import type { Effect } from './effect.js';
import { longestWaitMs, type Way } from './way.js';

/** One stream has so much waiting at most, bytes; it is read no further then. */
const mostBytes = 512 * 1024;
/** So much may wait in any case, so that each stream goes on when all of a way have much. */
const leastBytes = 64 * 1024;
/** All streams of a way have so much waiting before each has only the least, bytes. */
const mostOfWay = 64 * 1024 * 1024;

/** What a piece costs beside its own bytes, about: who sends one byte at a time fills a queue all the same. */
const costBytes = 256;

/** Timers and a busy process are no later, or it is another fault that holds things up, milliseconds. */
const mostLateMs = 500;

/** What waits. */
interface Item {
  readonly bytes: number;
  readonly atMs: number;
  readonly effects: readonly Effect[];
  /** How much later it comes by each of the effects. */
  readonly holds: readonly number[];
  /** Passes it on; false: whoever took it calls `ready` when the next one may come. */
  readonly go: () => boolean;
  /** When a limited rate lets it leave, and under which effects. */
  departs: { readonly atMs: number; readonly under: readonly Effect[] } | undefined;
}

/** Whose stream it is. */
export interface QueuePort {
  /** It takes nothing any more. */
  isGone(): boolean;
  /** Something has left, or may leave. */
  moved(): void;
}

/** What a stream has waiting on a way that is disturbed: all of it leaves, in its order. */
export class StreamQueue {
  readonly #way: Way;
  readonly #port: QueuePort;
  #items: Item[] = [];
  #head = 0;
  #bytes = 0;
  #busy = false;
  #running = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(way: Way, port: QueuePort) {
    this.#way = way;
    this.#port = port;
  }

  /** Nothing waits, and nothing is on its way out. */
  get isIdle(): boolean {
    return this.#waiting === 0 && !this.#busy;
  }

  get #waiting(): number {
    return this.#items.length - this.#head;
  }

  /** Whether more may be taken, beside so many bytes that the stream holds itself. */
  hasRoom(beside = 0): boolean {
    const bytes = this.#bytes + this.#waiting * costBytes + beside;
    return bytes < leastBytes || (bytes < mostBytes && this.#way.heldRoom < mostOfWay);
  }

  /** Takes what is to leave after all that was taken before. */
  take(bytes: number, go: () => boolean): void {
    const { effects, counts, isStill } = this.#way;
    const holds = effects.map((effect) => effect.holdMs());
    this.#items.push({ bytes, atMs: performance.now(), effects, holds, go, departs: undefined });
    this.#bytes += bytes;
    this.#way.hold(bytes, costBytes);
    const waits = isStill || holds.some((ms) => ms > 0) || effects.some(({ departsAtMs }) => departsAtMs);
    if (waits) counts.held += 1;
    this.run();
  }

  /** The last one has been taken on. */
  ready(): void {
    this.#busy = false;
    this.run();
  }

  /** Lets leave what may. */
  run(): void {
    // What leaves may bring what is next.
    if (this.#running) return;
    this.#running = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      this.#leave();
    } finally {
      this.#running = false;
    }
    this.#port.moved();
  }

  /** Forgets all. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#way.hold(-this.#bytes, -this.#waiting * costBytes);
    this.#bytes = 0;
    this.#items = [];
    this.#head = 0;
  }

  #leave(): void {
    for (;;) {
      if (this.#port.isGone()) {
        this.clear();
        return;
      }
      const item = this.#items[this.#head];
      if (item === undefined || this.#busy || this.#way.isStill) return;
      const nowMs = performance.now();
      const dueMs = this.#dueMs(item, nowMs);
      if (dueMs > nowMs) {
        this.#timer = setTimeout(() => this.run(), Math.min(longestWaitMs, dueMs - nowMs));
        this.#timer.unref();
        return;
      }
      this.#shift(item);
      this.#busy = true;
      if (item.go()) this.#busy = false;
    }
  }

  #shift({ bytes }: Item): void {
    this.#head += 1;
    // What has left is let go in one piece, now and then.
    if (this.#head === this.#items.length || this.#head > 1024) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    this.#bytes -= bytes;
    this.#way.hold(-bytes, -costBytes);
  }

  /** When it may leave, by what disturbs the way still. */
  #dueMs(item: Item, nowMs: number): number {
    const { effects } = this.#way;
    let dueMs = item.atMs;
    item.effects.forEach((effect, i) => {
      if (effects.includes(effect)) dueMs += item.holds[i] ?? 0;
    });
    if (dueMs > nowMs) return dueMs;
    if (item.departs?.under !== effects) {
      // What could have left before, had this process not been late, is not lost of the rate.
      const fromMs = Math.max(dueMs, nowMs - mostLateMs);
      const departures = effects.map(({ departsAtMs }) => departsAtMs?.(item.bytes, fromMs) ?? 0);
      item.departs = { atMs: Math.max(0, ...departures), under: effects };
    }
    return Math.max(dueMs, item.departs.atMs);
  }
}
