import type { Logger } from '../log.js';

/** What has to be undone at the end, the last first. */
export class Cleanup {
  readonly #log: Logger;
  readonly #steps: { readonly what: string; readonly undo: () => Promise<void> | void }[] = [];

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Remembers how to undo something that was just done. */
  add(what: string, undo: () => Promise<void> | void): void {
    this.#steps.push({ what, undo });
  }

  /** Undoes everything; a step that fails is logged, and the others are done all the same. */
  async run(): Promise<void> {
    for (const { what, undo } of this.#steps.splice(0).reverse()) {
      try {
        await undo();
      } catch (thrown) {
        this.#log.error({ err: thrown }, `could not stop ${what}`);
      }
    }
  }
}
