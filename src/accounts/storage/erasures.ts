import type { ErasureEntry } from '../../bus/account-kept.js';
import type { Store } from '../../bus/bus.js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { People } from '../people.js';
import type { PersonalData } from '../personal-data.js';

/** An erasure that another process has begun is left to it for so long after it was first seen here, milliseconds. */
const patienceMs = 2_000;
/** Between two looks at what others have begun, milliseconds. */
const lookMs = 1_000;

/**
 * Removes all that is kept about somebody. That it has begun is written down before anything else, and taken away after all
 * else: whichever process finds it there finishes it, however often others were killed meanwhile.
 */
export class Erasures {
  readonly #store: Store<ErasureEntry>;
  readonly #people: Pick<People, 'key'>;
  readonly #parts: readonly PersonalData[];
  readonly #log: Logger;
  readonly #now: () => number;
  /** Those that are under way somewhere: since when they are known here, by this process's own clock. */
  readonly #open = new Map<string, number>();
  readonly #mine = new Map<string, Promise<void>>();
  #stop: (() => void) | undefined;

  /** @param options.parts in the order in which they are removed: what lets somebody in goes first */
  constructor(options: {
    readonly store: Store<ErasureEntry>;
    readonly people: Pick<People, 'key'>;
    readonly parts: readonly PersonalData[];
    readonly log: Logger;
    readonly now?: (() => number) | undefined;
  }) {
    this.#store = options.store;
    this.#people = options.people;
    this.#parts = options.parts;
    this.#log = options.log;
    this.#now = options.now ?? Date.now;
  }

  /** Finishes what other processes leave unfinished, until it is stopped. */
  watch(): void {
    const watching = this.#store.watch((key, entry) => {
      if (entry === undefined) this.#open.delete(key);
      else if (!this.#open.has(key)) this.#open.set(key, performance.now());
    });
    const look = setInterval(() => this.#look(), lookMs).unref();
    this.#stop = () => {
      clearInterval(look);
      watching.stop();
    };
  }

  /** Waits for what it does at this moment. */
  async stop(): Promise<void> {
    this.#stop?.();
    await Promise.allSettled(this.#mine.values());
  }

  /** Whether an erasure of this address is under way: nothing may be written about it then. */
  async isErasing(email: string): Promise<boolean> {
    return (await this.#store.get(this.#people.key(email))) !== undefined;
  }

  /** Removes all that is kept about somebody; once more, it does nothing. Throws `STORE_UNAVAILABLE`, `STORE_FULL`: then it is finished later. */
  async erase(email: string, by: string): Promise<void> {
    const key = this.#people.key(email);
    const value: ErasureEntry = { v: 1, email, by, atMs: this.#now() };
    try {
      await this.#store.create(key, value);
    } catch (thrown) {
      if (!(thrown instanceof PosternError) || thrown.code !== 'STORE_CONFLICT') throw thrown;
    }
    await this.#finish(key, value);
  }

  #look(): void {
    const now = performance.now();
    for (const [key, sinceMs] of this.#open) {
      if (now - sinceMs < patienceMs || this.#mine.has(key)) continue;
      this.#finishKept(key).then(
        () => this.#open.delete(key),
        (thrown: unknown) => this.#log.warn(`an erasure goes on later: ${errorText(thrown)}`),
      );
    }
  }

  /** What is finished is dropped, and nobody hears of that. */
  async #finishKept(key: string): Promise<void> {
    const entry = await this.#store.get(key);
    if (entry !== undefined) await this.#finish(key, entry.value);
  }

  /** One at a time for each address. */
  #finish(key: string, erasure: ErasureEntry): Promise<void> {
    const running = this.#mine.get(key);
    if (running !== undefined) return running;
    const work = this.#carryOut(key, erasure).finally(() => this.#mine.delete(key));
    this.#mine.set(key, work);
    return work;
  }

  async #carryOut(key: string, { email, by }: ErasureEntry): Promise<void> {
    await this.#eraseParts(email);
    // Once more: what was being written when it began is there only now.
    await this.#eraseParts(email);
    await this.#store.drop(key);
    // Who it was is not told: what is removed shall not stay in a log.
    this.#log.info({ account: key, by }, 'all that was kept about an account was removed');
  }
  /** One part that can not keeps nothing in the others; rejects with what the first such part threw. */
  async #eraseParts(email: string): Promise<void> {
    const failed: unknown[] = [];
    for (const part of this.#parts) {
      await part.eraseOf(email).catch((thrown: unknown) => failed.push(thrown));
    }
    if (failed.length > 0) throw failed[0];
  }
}
