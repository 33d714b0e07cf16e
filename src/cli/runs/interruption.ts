import { hearInterrupts, interruptedStatus } from '../signals.js';
import type { RunShow } from './run-show.js';

/** What a run is told when somebody presses Ctrl-C. */
const reason = 'interrupted';

/** Ctrl-C while a run is looked on at: the first one ends the run and its verdict is waited for, the second one leaves at once. */
export class Interruption {
  readonly #ending = new AbortController();
  readonly #show: RunShow;
  #run: string | undefined;
  #goesOn = false;
  #isOver = false;

  constructor(show: RunShow) {
    this.#show = show;
    hearInterrupts((count) => {
      if (count === 1 && !this.#isOver) this.#end();
      else this.#leave();
    });
  }

  /** Aborts when the run shall end. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** It has been begun; `goesOn`: whoever leaves does not end it. */
  begun(run: string, goesOn: boolean): void {
    this.#run = run;
    this.#goesOn = goesOn;
  }

  /** The run has ended: there is nothing to wait for any more. */
  over(): void {
    this.#isOver = true;
    this.#goesOn = false;
  }

  #end(): void {
    this.#show.say('ending the run; again to leave at once');
    this.#ending.abort(reason);
  }

  #leave(): never {
    this.#show.end();
    if (this.#goesOn) {
      this.#show.say(`the run goes on ending at the hub: postern runs watch ${this.#run}`);
    }
    process.exit(interruptedStatus);
  }
}
