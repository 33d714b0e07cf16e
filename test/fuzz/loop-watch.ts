import { CpuClock } from './cpu-clock.js';

/** Measures how long the event loop was busy at a stretch, by a timer that wants to come every few milliseconds. */
export class LoopWatch {
  readonly #clock = new CpuClock();
  readonly #timer: NodeJS.Timeout;
  #worst = 0;

  constructor() {
    this.#clock.start();
    this.#timer = setInterval(() => this.#tick(), 2);
  }

  /** The longest stretch since it was asked last, in milliseconds. */
  take(): number {
    this.#tick();
    const worst = this.#worst;
    this.#worst = 0;
    return worst;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    this.#worst = Math.max(this.#worst, this.#clock.elapsedMs());
    this.#clock.start();
  }
}
