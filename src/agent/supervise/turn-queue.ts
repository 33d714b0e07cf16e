import { PosternError } from '../../errors.js';

/** Pieces of work, one after the other, with a bound on how many wait. */
export class TurnQueue {
  readonly #mostWaiting: number;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(mostWaiting: number) {
    this.#mostWaiting = mostWaiting;
  }

  /**
   * Does `work` when all that came earlier is over. Throws what it throws, `PROCESS_BUSY` when too many wait, and
   * `CANCELLED` when `signal` is aborted before its turn; work that has begun is always done.
   */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#mostWaiting) {
      throw new PosternError('PROCESS_BUSY', `${this.#mostWaiting} calls wait for their turn already`);
    }
    this.#waiting += 1;
    const before = this.#last;
    const turn = before.then(() => {
      this.#waiting -= 1;
      if (signal.aborted) throw new PosternError('CANCELLED', 'the call was given up before its turn');
      return work();
    });
    this.#last = turn.catch(() => {});
    return turn;
  }
}
