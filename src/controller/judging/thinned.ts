/** Keeps at most so many of what it is given, evenly: when there are too many, every other one goes. */
export class Thinned<T> {
  readonly #most: number;
  #kept: T[] = [];
  #step = 1;
  #seen = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** `make` is asked only for what is kept. */
  add(make: () => T): void {
    if (this.#seen++ % this.#step !== 0) return;
    if (this.#kept.length === this.#most) {
      this.#kept = this.#kept.filter((_, at) => at % 2 === 0);
      this.#step *= 2;
      if ((this.#seen - 1) % this.#step !== 0) return;
    }
    this.#kept.push(make());
  }

  get kept(): readonly T[] {
    return this.#kept;
  }
}
