/** Lets work be done when there is some, but not more often than now and then. */
export class Pace {
  readonly #everyMs: number;
  readonly #signal: AbortSignal;
  #lastAt = Number.NEGATIVE_INFINITY;
  #woken = false;
  #resolve: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param signal ends every wait. */
  constructor(everyMs: number, signal: AbortSignal) {
    this.#everyMs = everyMs;
    this.#signal = signal;
    signal.addEventListener('abort', this.#go);
  }

  /** There is work. */
  wake(): void {
    if (this.#woken) return;
    this.#woken = true;
    if (this.#resolve !== undefined) this.#arm(this.#due());
  }

  /** Resolves when there is work and it is time for it, at the latest after so many milliseconds. */
  async wait(longestMs: number): Promise<void> {
    if (this.#signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#resolve = resolve;
      this.#arm(this.#woken ? this.#due() : longestMs);
    });
    this.#woken = false;
    this.#lastAt = performance.now();
  }

  stop(): void {
    this.#signal.removeEventListener('abort', this.#go);
    this.#go();
  }

  #due(): number {
    return Math.max(0, this.#lastAt + this.#everyMs - performance.now());
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#go, ms);
  }

  readonly #go = (): void => {
    clearTimeout(this.#timer);
    this.#resolve?.();
    this.#resolve = undefined;
  };
}
