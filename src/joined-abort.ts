/** A signal that others abort, and the time. */
export interface JoinedAbort {
  readonly signal: AbortSignal;
  /** Whether the time was over first. */
  readonly timedOut: boolean;
  /** Lets go of the others; the signal is not aborted any more. To be called in the end, always. */
  release(): void;
}

/**
 * A signal that is aborted with the first of `others`, or after `timeoutMs`. Unlike one of `AbortSignal.any` it can be
 * let go: Node 20 keeps those for ever once they were aborted while somebody listened.
 */
export function joinAborts(others: readonly AbortSignal[], timeoutMs?: number): JoinedAbort {
  const controller = new AbortController();
  let timedOut = false;
  const abort = (): void => controller.abort();
  for (const other of others) {
    if (other.aborted) abort();
    else other.addEventListener('abort', abort);
  }
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = !controller.signal.aborted;
          abort();
        }, timeoutMs);
  return {
    signal: controller.signal,
    get timedOut() {
      return timedOut;
    },
    release() {
      clearTimeout(timer);
      for (const other of others) other.removeEventListener('abort', abort);
    },
  };
}
