import { randomBytes } from 'node:crypto';
import { PosternError } from '../errors.js';

/** What was asked on the bus and is not answered yet. */
export class Pending<T> {
  readonly #withinMs: number;
  readonly #most: number;
  readonly #waiting = new Map<string, (answer: T) => void>();

  /** An answer is waited for so long, milliseconds, and for so many at once. */
  constructor(withinMs: number, most: number) {
    this.#withinMs = withinMs;
    this.#most = most;
  }

  /** Asks under a name that nobody can guess; undefined where no answer comes in time. Throws `TOO_MANY`. */
  async ask(publish: (order: string) => void): Promise<T | undefined> {
    if (this.#waiting.size >= this.#most) {
      throw new PosternError('TOO_MANY', `${this.#most} things are being asked by this hub: try again later`);
    }
    const order = randomBytes(12).toString('base64url');
    let timer: NodeJS.Timeout | undefined;
    const answered = new Promise<T | undefined>((resolve) => {
      this.#waiting.set(order, resolve);
      timer = setTimeout(() => resolve(undefined), this.#withinMs);
    });
    try {
      publish(order);
      return await answered;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(order);
    }
  }

  /** An answer came; one that nobody waits for is dropped. */
  answer(order: string, answer: T): void {
    this.#waiting.get(order)?.(answer);
  }
}
