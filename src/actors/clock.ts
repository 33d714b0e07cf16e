/** The timers of an actor, as XState takes them. */
export interface ActorClock {
  setTimeout(fn: (...args: unknown[]) => void, timeoutMs: number): unknown;
  clearTimeout(id: unknown): void;
}

function clear(id: unknown): void {
  if (id instanceof Object && Symbol.toPrimitive in id) clearTimeout(Number(id));
}

/** Timers that do not keep the process alive: for actors that watch over something else. */
export const watchingClock: ActorClock = {
  setTimeout: (fn, timeoutMs) => setTimeout(fn, timeoutMs).unref(),
  clearTimeout: clear,
};

/** Timers that keep the process alive: for the actor whose work is what the process is for. */
export const workingClock: ActorClock = {
  setTimeout: (fn, timeoutMs) => setTimeout(fn, timeoutMs),
  clearTimeout: clear,
};
