/** A wait that grows with every failure in a row and starts anew after a success. */
export interface Retry {
  /** Runs `action` once, later; replaces one that waits already. */
  later(action: () => void): void;
  /** The next wait is the shortest again. */
  succeeded(): void;
  /** Drops what waits. */
  cancel(): void;
}

/** Waits from `firstMs` on, doubled up to `mostMs`. Its timers do not keep the process alive. */
export function createRetry(firstMs: number, mostMs: number): Retry {
  let nextMs = firstMs;
  let timer: NodeJS.Timeout | undefined;
  return {
    later(action) {
      clearTimeout(timer);
      timer = setTimeout(action, nextMs).unref();
      nextMs = Math.min(mostMs, nextMs * 2);
    },
    succeeded() {
      nextMs = firstMs;
    },
    cancel() {
      clearTimeout(timer);
    },
  };
}
