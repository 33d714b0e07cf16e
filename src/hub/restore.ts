import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../bus/bus.js';
import { PosternError } from '../errors.js';

/** Pause after a failure, in milliseconds. */
const retryMs = 1_000;

/** Writes back what a NATS server has lost, from the memory of a hub: keys of nodes and revoked tokens must not vanish. */
export class Restoration<T> {
  readonly #store: Store<T>;
  readonly #remembered: (key: string) => T | undefined;
  readonly #lost = new Set<string>();
  #running = false;
  #stopped = false;

  /** `remembered` gives the value that shall be there again; undefined: it need not be. */
  constructor(store: Store<T>, remembered: (key: string) => T | undefined) {
    this.#store = store;
    this.#remembered = remembered;
  }

  /** The key is to be written back. It goes on until it is, by this hub or another one. */
  lost(key: string): void {
    this.#lost.add(key);
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    while (this.#lost.size > 0 && !this.#stopped) {
      for (const key of this.#lost) {
        if (this.#stopped || !(await this.#write(key))) break;
        this.#lost.delete(key);
      }
      if (this.#lost.size > 0) await sleep(retryMs, undefined, { ref: false });
    }
    this.#running = false;
  }

  /** True when the key is there, or need not be. */
  async #write(key: string): Promise<boolean> {
    const value = this.#remembered(key);
    if (value === undefined) return true;
    try {
      await this.#store.create(key, value);
      return true;
    } catch (thrown) {
      return thrown instanceof PosternError && thrown.code === 'STORE_CONFLICT';
    }
  }
}
