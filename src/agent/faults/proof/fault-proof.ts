import { errorText } from '../../../errors.js';
import type { Logger } from '../../../log.js';
import type { Proving } from '../injection.js';
import { type Proof, prove } from './judging.js';
import { lookAfter, lookBefore, lookDuring } from './looking.js';
import { type FaultSight, type Observed, sightsOf, unobserved } from './observed.js';

/** How long it may take after the heal until all is as before, milliseconds. */
const usualSettleMs = 5_000;
const longestSettleMs = 15_000;

/**
 * The canaries of one fault, in the life of one agent. What they do is broken off by `rest`, and never holds up the fault.
 * None of it rejects.
 */
export class FaultProof {
  readonly #proving: () => Promise<Proving>;
  /** Of former lives of the agent. */
  readonly #earlier: readonly FaultSight[];
  readonly #log: Logger;
  #observed: readonly Observed[] = [];
  #settleMs = usualSettleMs;
  #resting = new AbortController();
  /** When this agent began to look, Unix milliseconds; undefined: it never did. */
  #soundedAtMs: number | undefined;

  constructor(proving: () => Promise<Proving>, earlier: readonly FaultSight[] = [], log: Logger) {
    this.#proving = proving;
    this.#earlier = earlier;
    this.#log = log;
  }

  /** All that was seen, summed up. */
  get sights(): FaultSight[] {
    return this.#soundedAtMs === undefined ? [...this.#earlier] : sightsOf(this.#observed);
  }

  /** Looks before it acts. Resolves when that is done or was broken off. */
  async sound(untilMs: number): Promise<void> {
    this.#soundedAtMs = Date.now();
    await this.#look(async (signal) => {
      const proving = await this.#proving();
      signal.throwIfAborted();
      this.#observed = unobserved(proving);
      this.#settleMs = Math.min(longestSettleMs, proving.settleMs ?? usualSettleMs);
      await lookBefore(this.#observed, untilMs, signal);
    });
  }

  /** Looks while it acts, until shortly before its planned end. */
  async watch(untilMs: number): Promise<void> {
    await this.#look((signal) => lookDuring(this.#observed, untilMs, signal));
  }

  /** Breaks off what is being looked at. */
  rest(): void {
    this.#resting.abort();
  }

  /** Looks after the heal, and judges; undefined: that was broken off. `others`: faults that acted here since then. */
  async check(others: (sinceMs: number) => readonly string[]): Promise<Proof | undefined> {
    const sinceMs = this.#soundedAtMs;
    if (sinceMs === undefined) {
      return { outcome: 'inconclusive', reason: 'the agent ended before it could be proven' };
    }
    const isDone = await this.#look((signal) =>
      lookAfter(this.#observed, Date.now() + this.#settleMs, signal),
    );
    return isDone ? prove(this.#observed, others(sinceMs)) : undefined;
  }

  /** False where it was broken off. */
  async #look(looks: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    this.#resting.abort();
    const resting = new AbortController();
    this.#resting = resting;
    try {
      await looks(resting.signal);
      return true;
    } catch (thrown) {
      if (resting.signal.aborted) return false;
      this.#log.warn({ err: errorText(thrown) }, 'canaries of a fault failed');
      return true;
    }
  }
}
