import { errorText } from '../errors.js';
import type { Logger } from '../log.js';

/** What has to be undone when a hub ends, in reverse order. */
export class Undo {
  readonly #log: Logger;
  readonly #steps: (() => void | Promise<void>)[] = [];

  constructor(log: Logger) {
    this.#log = log;
  }

  add(step: () => void | Promise<void>): void {
    this.#steps.push(step);
  }

  /** Undoes all; a step that fails is logged and keeps no other from running. */
  async all(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step();
      } catch (thrown) {
        this.#log.warn({ err: errorText(thrown) }, 'a part of the hub did not stop well');
      }
    }
  }
}
