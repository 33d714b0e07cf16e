import { PosternError } from '../../errors.js';

/** So many questions are looked into at a time: each may start programs and read about all processes. */
const mostAtOnce = 4;
/** So many more wait; a controller asks about all that a run has for a node, which is no more. */
const mostWaiting = 2_000;

/** Looks into some questions at a time, lets others wait, and throws `TOO_MANY_QUESTIONS` for what is beyond. */
export class AskedInTurn {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  async run<T>(look: () => Promise<T>): Promise<T> {
    if (this.#running < mostAtOnce) this.#running += 1;
    else await this.#turn();
    try {
      return await look();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= mostWaiting) {
      throw new PosternError(
        'TOO_MANY_QUESTIONS',
        `${mostWaiting} questions about what faults can be done here wait already`,
        { hint: 'ask again when there are answers' },
      );
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}
