import { InTurn } from '../../in-turn.js';

/** Does what is about the same thing one after the other. */
export class Turns {
  readonly #turns = new Map<string, { readonly turn: InTurn; waiting: number }>();

  async run<T>(about: string, work: () => Promise<T>): Promise<T> {
    const found = this.#turns.get(about) ?? { turn: new InTurn(), waiting: 0 };
    this.#turns.set(about, found);
    found.waiting += 1;
    try {
      return await found.turn.run(work);
    } finally {
      found.waiting -= 1;
      if (found.waiting === 0) this.#turns.delete(about);
    }
  }
}
