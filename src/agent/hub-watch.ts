/** Pings that a hub may fail to send before it counts as silent. */
const silentIntervals = 3;

/** Notices that no hub has pinged for three intervals. */
export class HubWatch {
  readonly #silent: () => void;
  #timer: NodeJS.Timeout | undefined;
  #heardAt = 0;

  constructor(silent: () => void) {
    this.#silent = silent;
  }

  /** Watches from now on; `silent` is told once, and the watch is over. */
  start(pingIntervalMs: number): void {
    this.stop();
    this.heard();
    this.#timer = setInterval(() => {
      if (performance.now() - this.#heardAt < silentIntervals * pingIntervalMs) return;
      this.stop();
      this.#silent();
    }, pingIntervalMs / 2);
    this.#timer.unref();
  }

  /** A hub pinged. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
