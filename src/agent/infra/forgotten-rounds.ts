import type { Logger } from '../../log.js';

/** One line is written in so long, milliseconds. */
const defaultEveryMs = 1_000;
/** So many rounds are named in a line. */
const mostNamed = 50;

/** A round that was forgotten. */
export interface ForgottenRound {
  readonly run: string;
  readonly test: string;
  /** State that it ended in. */
  readonly ended: string;
  /** How many records it had, and how many of them a hub has stored. */
  readonly records: number;
  readonly stored: number;
}

/** Tells the log which rounds were forgotten: the first at once, those that come fast after it in one line together. */
export class ForgottenRounds {
  readonly #log: Logger;
  readonly #everyMs: number;
  #waiting: ForgottenRound[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Logger, everyMs = defaultEveryMs) {
    this.#log = log;
    this.#everyMs = everyMs;
  }

  tell(round: ForgottenRound): void {
    this.#waiting.push(round);
    if (this.#timer === undefined) this.#write();
  }

  /** Tells what is not told yet. */
  close(): void {
    this.#write();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #write(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#timer = undefined;
    if (waiting.length === 0) return;
    this.#timer = setTimeout(() => this.#write(), this.#everyMs).unref();
    const lost = waiting.filter(({ records, stored }) => stored < records);
    // what is lost is named first
    const named = [...lost, ...waiting.filter((round) => !lost.includes(round))].slice(0, mostNamed);
    this.#log[lost.length > 0 ? 'warn' : 'info'](
      { forgotten: waiting.length, lost: lost.length, rounds: named },
      'rounds of older controllers are forgotten, to make room',
    );
  }
}
