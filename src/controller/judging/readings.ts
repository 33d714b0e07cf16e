/** Readings of one journal that are told apart. */
const mostReadings = 255;

/** A last reading of all messages that came to its end. */
export interface CompleteReading {
  readonly number: number;
  /** When it began, by the node's own clock; when it ended, where its begin was not told. */
  readonly beganAt: number;
  readonly endedAt: number;
  /** Whether it is known which receipts were recorded before it began. */
  readonly isBeginTold: boolean;
}

/** Follows the last readings of all messages in a journal: each process of an agent makes one of its own. */
export class Readings {
  #begun = 0;
  #open: { beganAt: number; isTold: boolean } | undefined;
  #complete: CompleteReading | undefined;

  /** How many have begun. */
  get begun(): number {
    return this.#begun;
  }

  /** The last one that came to its end. */
  get complete(): CompleteReading | undefined {
    return this.#complete;
  }

  /** One begins, and its journal says so. */
  begin(at: number): void {
    this.#begin({ beganAt: at, isTold: true });
  }

  /** A message was read. */
  read(at: number): void {
    if (this.#open === undefined) this.#begin({ beganAt: at, isTold: false });
  }

  /** It ended, with all messages or not. */
  end(at: number, complete: boolean): void {
    this.read(at);
    const { beganAt, isTold } = this.#open ?? { beganAt: at, isTold: false };
    if (complete) {
      this.#complete = { number: this.#begun, beganAt, endedAt: at, isBeginTold: isTold };
    }
    this.#open = undefined;
  }

  /** Another process goes on; what was being read is read anew. */
  cut(): void {
    this.#open = undefined;
  }

  #begin(open: { beganAt: number; isTold: boolean }): void {
    this.#begun = Math.min(mostReadings, this.#begun + 1);
    this.#open = open;
  }
}
