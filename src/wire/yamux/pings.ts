/** What a session's pings need of it. */
export interface PingOptions {
  readonly everyMs: number;
  /** So many rounds without a byte from the other side tell that it is gone. */
  readonly missed: number;
  send(value: number): void;
  /** Nothing has come for so many milliseconds. */
  silent(ms: number): void;
}

/**
 * Keeps asking the other side whether it is there. Any byte is a sign of life, not the answer alone: that may wait
 * behind data on a slow way.
 */
export class Pings {
  readonly #options: PingOptions;
  #timer: NodeJS.Timeout | undefined;
  #value = 0;
  #sentAt = 0;
  #heardAt = performance.now();
  #unheard = 0;
  #heard = false;
  roundTripMs: number | undefined;

  constructor(options: PingOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.#round(), this.#options.everyMs);
    this.#timer.unref();
    this.#ping();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Bytes have come. */
  heard(): void {
    this.#heard = true;
  }

  answered(value: number): void {
    if (value === this.#value) this.roundTripMs = performance.now() - this.#sentAt;
  }

  #round(): void {
    const now = performance.now();
    if (this.#heard) {
      this.#heardAt = now;
      this.#unheard = 0;
    } else this.#unheard += 1;
    this.#heard = false;
    if (this.#unheard >= this.#options.missed) this.#options.silent(now - this.#heardAt);
    else this.#ping();
  }

  #ping(): void {
    this.#value = (this.#value + 1) >>> 0;
    this.#sentAt = performance.now();
    this.#options.send(this.#value);
  }
}
