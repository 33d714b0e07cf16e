import { setTimeout as sleep } from 'node:timers/promises';
import { PosternError } from '../errors.js';
import type { Store } from './bus.js';

const attempts = 12;
/** Longest pause between two attempts, in milliseconds. */
const longestPause = 100;

/** The value that a key has now, and what a decision about it led to. */
export interface Decided<T, R> {
  readonly result: R;
  /** The value after it, undefined when the key is not there. */
  readonly value: T | undefined;
  readonly revision: number;
}

/** What a decision wants written (undefined: nothing) and its result. */
export interface Decision<T, R> {
  readonly write?: T | undefined;
  readonly result: R;
}

/**
 * Decides on the present value of a key and writes the decision if the value is still the same, else decides again.
 * `isKnown` is asked before the value is, and its answer given to `decide`: what comes to be meanwhile was not lost.
 * Throws what `decide` and the store throw, and `STORE_CONFLICT` when others were faster a dozen times in a row.
 */
export async function compareAndSet<T, R>(
  store: Store<T>,
  key: string,
  decide: (value: T | undefined, known: boolean) => Decision<T, R>,
  isKnown: () => boolean = () => false,
): Promise<Decided<T, R>> {
  for (let attempt = 1; ; attempt++) {
    const known = isKnown();
    const entry = await store.get(key);
    const { write, result } = decide(entry?.value, known);
    if (write === undefined) return { result, value: entry?.value, revision: entry?.revision ?? 0 };
    try {
      const revision =
        entry === undefined ? await store.create(key, write) : await store.update(key, write, entry.revision);
      return { result, value: write, revision };
    } catch (thrown) {
      const conflict = thrown instanceof PosternError && thrown.code === 'STORE_CONFLICT';
      if (!conflict || attempt === attempts) throw thrown;
    }
    await sleep(Math.random() * Math.min(longestPause, 2 ** attempt));
  }
}
