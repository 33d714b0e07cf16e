import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus, Stop } from '../../bus/bus.js';
import { subjects } from '../../bus/subjects.js';

/** A message of another hub is heard before the stream has stored it: looked for again after these waits. */
const storeLagMs = [2, 10, 50, 250] as const;
/** Looked by itself this often, in case that something was not heard. */
const pollMs = 5_000;

/** Says when it is worth to look for more. */
export class Wakeup {
  readonly #signal: AbortSignal;
  readonly #unhear: Stop;
  #heard = false;
  /** How often it was looked in vain since something was heard. */
  #vain: number = storeLagMs.length;
  #wake: () => void = () => {};

  constructor(bus: Pick<Bus, 'onKept'>, signal: AbortSignal) {
    this.#signal = signal;
    this.#unhear = bus.onKept(subjects.activity, {}, () => {
      this.#heard = true;
      this.#wake();
    });
    signal.addEventListener('abort', this.stop, { once: true });
  }

  /** Resolves when there may be something new; `found`: the last look found something. */
  async wait(found: boolean): Promise<void> {
    if (this.#heard) {
      this.#heard = false;
      this.#vain = 0;
      return;
    }
    this.#vain = found ? storeLagMs.length : this.#vain + 1;
    const waitMs = storeLagMs[this.#vain - 1] ?? pollMs;
    await this.pause(waitMs);
    if (!this.#heard) return;
    this.#heard = false;
    this.#vain = 0;
  }

  /** Resolves after some time, or when something is heard. */
  async pause(ms: number): Promise<void> {
    if (this.#signal.aborted) return;
    const over = new AbortController();
    this.#wake = () => over.abort();
    await sleep(ms, undefined, { ref: false, signal: over.signal }).catch(() => {});
    this.#wake = () => {};
  }

  readonly stop = (): void => {
    this.#unhear();
    this.#wake();
    this.#signal.removeEventListener('abort', this.stop);
  };
}
