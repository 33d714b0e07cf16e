import { PosternError } from '../errors.js';

/** How many may watch at the same time at one hub. Nobody takes all seats alone. */
export class Seats {
  readonly #most: number;
  readonly #mostEach: number;
  readonly #what: string;
  #all = 0;
  readonly #byCaller = new Map<string, number>();

  /** @param what is open, for whom there is no seat: `watches`. A caller gets a quarter of the seats at most. */
  constructor(most: number, what: string) {
    this.#most = most;
    this.#mostEach = Math.ceil(most / 4);
    this.#what = what;
  }

  /** Takes one for a caller; what is returned gives it back, once. Throws `TOO_MANY`. */
  take(caller: string): () => void {
    const theirs = this.#byCaller.get(caller) ?? 0;
    if (theirs >= this.#mostEach) {
      throw new PosternError('TOO_MANY', `${theirs} ${this.#what} of '${caller}' are open: close some`);
    }
    if (this.#all >= this.#most) {
      throw new PosternError('TOO_MANY', `${this.#most} ${this.#what} are open at this hub: try again later`);
    }
    this.#all++;
    this.#byCaller.set(caller, theirs + 1);
    let taken = true;
    return () => {
      if (!taken) return;
      taken = false;
      this.#all--;
      const left = (this.#byCaller.get(caller) ?? 1) - 1;
      if (left === 0) this.#byCaller.delete(caller);
      else this.#byCaller.set(caller, left);
    };
  }
}
