/**
 * The SIGHUPs of a process that does something at each: from here on they do not end it. One that comes before anybody
 * takes them is kept. On a terminal, whose end a SIGHUP tells, none is heard, and it ends the process as ever.
 */
export class HangUps {
  #take: (() => void) | undefined;
  #kept = false;
  readonly #hear = (): void => {
    if (this.#take === undefined) this.#kept = true;
    else this.#take();
  };

  constructor() {
    if (!process.stdin.isTTY) process.on('SIGHUP', this.#hear);
  }

  /** Calls `take` at each from now on, instead of who took them before; at once when one was kept. */
  takenBy(take: () => void): void {
    this.#take = take;
    if (!this.#kept) return;
    this.#kept = false;
    take();
  }

  /** From now on they end the process. */
  close(): void {
    process.off('SIGHUP', this.#hear);
  }
}
