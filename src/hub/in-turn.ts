import { PosternError } from '../errors.js';

/** Work on the same key, one piece after the other: who would only get in each other's way waits instead. */
export class InTurn {
  readonly #longestWaitMs: number;
  /** The end of the last piece of work, by key. */
  readonly #last = new Map<string, Promise<void>>();

  /** Work that has waited for longer than this, in milliseconds, is given up before it begins. */
  constructor(longestWaitMs: number) {
    this.#longestWaitMs = longestWaitMs;
  }

  /** Keys that are worked on now. */
  get size(): number {
    return this.#last.size;
  }

  /** Does `work` when all earlier work on `key` is over. Throws what it throws, and `STORE_BUSY` when it was given up. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const since = performance.now();
    const before = this.#last.get(key);
    let over: () => void = () => {};
    const mine = new Promise<void>((resolve) => {
      over = resolve;
    });
    this.#last.set(key, mine);
    try {
      await before;
      if (before !== undefined && performance.now() - since > this.#longestWaitMs) {
        throw new PosternError('STORE_BUSY', `a change of '${key}' has waited for its turn for too long`);
      }
      return await work();
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
      over();
    }
  }
}
