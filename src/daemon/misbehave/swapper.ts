import type { Plan } from './plan.js';
import type { Truth } from './truth.js';

/** A message that is held back is given so late at the most, in milliseconds. */
const holdMs = 2_000;

/**
 * Stands before a live list. A message that the plan says is held back until the next one of the same sender was given,
 * so that the client sees them in the wrong order; where none comes, it is given late, and nothing is told.
 */
export class Swapper<T> {
  readonly #plan: Plan;
  readonly #truth: Truth;
  readonly #give: (item: T) => Promise<void>;
  #held: { item: T; sender: string; id: string; n: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  #n = 0;

  constructor(plan: Plan, truth: Truth, give: (item: T) => Promise<void>) {
    this.#plan = plan;
    this.#truth = truth;
    this.#give = give;
  }

  /** Gives a message, or holds it back. */
  pass(item: T, sender: string, id: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#n += 1;
      const held = this.#held;
      if (held === undefined && this.#plan.says('reorder', this.#n)) {
        this.#held = { item, sender, id, n: this.#n };
        this.#timer = setTimeout(() => void this.#inTurn(() => this.#release()), holdMs);
        return;
      }
      if (held !== undefined && held.sender === sender) {
        this.#truth.tell('reorder', held.n, { id: held.id, after: id });
        await this.#give(item);
        await this.#release();
      } else await this.#give(item);
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#held = undefined;
  }

  async #release(): Promise<void> {
    clearTimeout(this.#timer);
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) await this.#give(held.item);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}
