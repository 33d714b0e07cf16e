/** So much of a token is nothing. */
const dust = 1e-6;

/**
 * A token bucket (RFC 2697's idea of a committed rate): `rate` per second, at most what `burst` holds at once. It may be
 * overdrawn; then nothing more is to be had until the debt is paid. Times are in milliseconds of a clock that counts up.
 */
export class Bucket {
  readonly #perMs: number;
  readonly #burst: number;
  #held: number;
  #at: number;

  constructor(options: { rate: number; burst: number; nowMs: number }) {
    this.#perMs = options.rate / 1000;
    this.#burst = options.burst;
    this.#held = options.burst;
    this.#at = options.nowMs;
  }

  /** Milliseconds until `wanted` is to be had; 0: it is there. What exceeds the burst is to be had when the bucket is full. */
  waitMs(wanted: number, nowMs: number): number {
    this.#fill(nowMs);
    const missing = Math.min(wanted, this.#burst) - this.#held;
    return missing <= 0 ? 0 : Math.ceil(missing / this.#perMs);
  }

  /** Takes, though it be overdrawn. */
  take(amount: number, nowMs: number): void {
    this.#fill(nowMs);
    const left = this.#held - amount;
    // Sums of fractions miss their mark by a little, which is no debt.
    this.#held = left < 0 && left > -dust ? 0 : left;
  }

  /** Milliseconds until the debt is paid; 0: there is none. */
  debtMs(nowMs: number): number {
    this.#fill(nowMs);
    return this.#held >= 0 ? 0 : Math.ceil(-this.#held / this.#perMs);
  }

  /** True when it holds all that it can. */
  full(nowMs: number): boolean {
    this.#fill(nowMs);
    return this.#held >= this.#burst;
  }

  #fill(nowMs: number): void {
    if (nowMs <= this.#at) return;
    this.#held = Math.min(this.#burst, this.#held + (nowMs - this.#at) * this.#perMs);
    this.#at = nowMs;
  }
}
