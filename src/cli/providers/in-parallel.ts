import { availableParallelism } from 'node:os';

/** So many programs are started at once: starting one is work for a processor, and waiting for files. */
export const startsAtOnce = Math.min(16, Math.max(4, 2 * availableParallelism()));

/** Does something with each, with so many at once. Rejects with the first failure, and begins no other then. */
export async function inParallel<T>(
  all: readonly T[],
  atOnce: number,
  work: (one: T) => Promise<void>,
): Promise<void> {
  const left = [...all];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      try {
        await work(next);
      } catch (thrown) {
        left.length = 0;
        throw thrown;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, worker));
}
