import type { Entry, Stop, Store } from '../../bus/bus.js';

/** Between two looks, milliseconds. */
const everyMs = 60_000;
/** So many are deleted in one look. */
const mostAtOnce = 500;

/** Deletes what is over from a bucket, now and then, where nobody has changed it meanwhile. Several processes may do so. */
export function sweepEvery<T>(store: Store<T>, isOver: (value: T) => boolean): Stop {
  const known = new Map<string, Entry<T>>();
  const { stop } = store.watch((key, entry) => {
    if (entry === undefined) known.delete(key);
    else known.set(key, entry);
  });
  const sweep = async (): Promise<void> => {
    const over = [...known.values()].filter(({ value }) => isOver(value)).slice(0, mostAtOnce);
    for (const { key, revision } of over) await store.delete(key, revision).catch(() => {}); // the next look finds it
  };
  const timer = setInterval(() => void sweep(), everyMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    stop();
  };
}
