import type { Quantiles } from './judgement.js';

/** Collects values and tells their quantiles, by the nearest rank. */
export class Sample {
  #values = new Float64Array(16);
  #count = 0;

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const more = new Float64Array(this.#count * 2);
      more.set(this.#values);
      this.#values = more;
    }
    this.#values[this.#count++] = value;
  }

  /** Undefined when there were no values. */
  quantiles(): Quantiles | undefined {
    const count = this.#count;
    if (count === 0) return undefined;
    const sorted = this.#values.subarray(0, count).sort();
    const rank = (part: number): number => sorted[Math.max(0, Math.ceil(part * count) - 1)] ?? 0;
    return { count, p50: rank(0.5), p95: rank(0.95), p99: rank(0.99), max: rank(1) };
  }
}
