/** Those who wait until the records up to a number are safe on disk. */
export class Waiters {
  #reached = 0;
  #failure: Error | undefined;
  /** In the order of their numbers. */
  #waiting: { number: number; resolve: () => void; reject: (why: Error) => void }[] = [];

  /** Number of the last record that is safe. */
  get reached(): number {
    return this.#reached;
  }

  /** Resolves when the record is safe; rejects when it will never be. */
  wait(number: number): Promise<void> {
    if (number <= this.#reached) return Promise.resolve();
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => this.#waiting.push({ number, resolve, reject }));
  }

  reach(number: number): void {
    this.#reached = number;
    let done = 0;
    for (const { number: wanted, resolve } of this.#waiting) {
      if (wanted > number) break;
      done++;
      resolve();
    }
    if (done > 0) this.#waiting.splice(0, done);
  }

  /** Nothing more will be safe. */
  fail(why: Error): void {
    this.#failure ??= why;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}
