import { Bucket } from './bucket.js';

/** Bytes that may pass in a burst: what is allowed in this many seconds, and at least one turn. */
const burstSeconds = 0.25;
/** The most bytes of one flow that pass before it is the turn of the next: one frame of HTTP/2. */
const mostTurnBytes = 16 * 1024;
/** Where little is allowed, a turn is what is allowed in this many seconds. */
const turnSeconds = 0.05;
const leastTurnBytes = 256;
/** A debt is looked at again after this time at the latest, in milliseconds. */
const longestWaitMs = 1_000;

/** Bytes in one direction of one call that wait for their turn. */
export interface Flow {
  /** Passes on `most` bytes, or what there is; how many. */
  give(most: number): number;
  /** Whether it has more to pass on now. */
  readonly ready: boolean;
}

/**
 * Lets all flows of one direction pass so many bytes per second together. Those that have something to pass take turns
 * (round robin), so that a little one waits for one turn of each other at most.
 */
export class Pace {
  readonly #bucket: Bucket;
  readonly #turnBytes: number;
  readonly #now: () => number;
  /** Those that wait, in the order of their turns. */
  readonly #waiting = new Set<Flow>();
  #timer: NodeJS.Timeout | undefined;
  #serving = false;

  /** `now` counts milliseconds up. */
  constructor(bytesPerSecond: number, now: () => number = () => performance.now()) {
    this.#turnBytes = Math.min(mostTurnBytes, Math.max(leastTurnBytes, bytesPerSecond * turnSeconds));
    const burst = Math.max(this.#turnBytes, bytesPerSecond * burstSeconds);
    this.#bucket = new Bucket({ rate: bytesPerSecond, burst, nowMs: now() });
    this.#now = now;
  }

  /** Flows that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** A flow has something to pass on: it passes at once, as far as nobody waits and nothing is owed, or in its turn. */
  join(flow: Flow): void {
    this.#waiting.add(flow);
    if (this.#timer === undefined) this.#serve();
  }

  /** A flow has ended. */
  leave(flow: Flow): void {
    this.#waiting.delete(flow);
    if (this.#waiting.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #serve(): void {
    // Whoever passes something on may make another flow join.
    if (this.#serving) return;
    this.#serving = true;
    try {
      let waitMs = this.#bucket.debtMs(this.#now());
      while (waitMs === 0) {
        const [flow] = this.#waiting;
        if (flow === undefined) return;
        this.#waiting.delete(flow);
        const passed = flow.give(this.#turnBytes);
        this.#bucket.take(passed, this.#now());
        if (flow.ready) this.#waiting.add(flow);
        waitMs = this.#bucket.debtMs(this.#now());
      }
      if (this.#waiting.size === 0) return;
      this.#timer = setTimeout(this.#again, Math.min(waitMs, longestWaitMs)).unref();
    } finally {
      this.#serving = false;
    }
  }

  readonly #again = (): void => {
    this.#timer = undefined;
    this.#serve();
  };
}

/** Chunks that wait, in order. */
export class Held {
  readonly #chunks: Uint8Array[] = [];
  /** Bytes of the first that have passed. */
  #passed = 0;
  bytes = 0;

  add(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.bytes += chunk.length;
  }

  /** Takes the next bytes out, `most` at the most, all of one chunk; undefined: there are none. */
  take(most: number): Uint8Array | undefined {
    const [first] = this.#chunks;
    if (first === undefined) return undefined;
    const taken = first.subarray(this.#passed, this.#passed + most);
    this.#passed += taken.length;
    if (this.#passed >= first.length) {
      this.#chunks.shift();
      this.#passed = 0;
    }
    this.bytes -= taken.length;
    return taken;
  }

  /** True when there is nothing, not even an empty chunk. */
  get empty(): boolean {
    return this.#chunks.length === 0;
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#passed = 0;
    this.bytes = 0;
  }
}
