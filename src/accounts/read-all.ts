import type { Entry, Store } from '../bus/bus.js';
import { PosternError } from '../errors.js';

/** The server is waited for so long, milliseconds. */
const readMs = 5_000;

/** All that a bucket holds at this moment, what was just written by other processes too. For small ones. Throws `STORE_UNAVAILABLE`. */
export async function readAll<T>(store: Store<T>): Promise<Entry<T>[]> {
  const found = new Map<string, Entry<T>>();
  const { ready, stop } = store.watch((key, entry) => {
    if (entry === undefined) found.delete(key);
    else found.set(key, entry);
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new PosternError(
          'STORE_UNAVAILABLE',
          `JetStream did not tell what it keeps within ${readMs / 1_000} s`,
        ),
      );
    }, readMs);
  });
  try {
    await Promise.race([ready, late]);
  } finally {
    clearTimeout(timer);
    stop();
  }
  return [...found.values()];
}
