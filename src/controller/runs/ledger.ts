import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../../bus/bus.js';
import type { RunEntry } from '../../bus/run-messages.js';
import { errorText, PosternError } from '../../errors.js';
import { InTurn } from '../../in-turn.js';
import type { Logger } from '../../log.js';
import { Superseded } from '../steps/step.js';

/** Between two tries to write, milliseconds. */
const againMs = 250;

/** What changes in an entry; `lease` and `run` are not for steps to change. */
export type RunChange = Partial<Omit<RunEntry, 'v' | 'run' | 'lease' | 'stop'>>;

/**
 * The entry of a run that this controller conducts. Each change is written behind the one that is known, so that of two
 * controllers only one writes; the other one learns here that it is superseded.
 */
export class RunLedger {
  readonly #store: Store<RunEntry>;
  readonly #log: Logger;
  readonly #turns = new InTurn();
  readonly #superseded: () => void;
  #entry: RunEntry;
  #revision: number;
  #lost = false;

  constructor(options: {
    store: Store<RunEntry>;
    entry: RunEntry;
    revision: number;
    /** Another controller has it, or it is gone. */
    superseded: () => void;
    log: Logger;
  }) {
    this.#store = options.store;
    this.#entry = options.entry;
    this.#revision = options.revision;
    this.#superseded = options.superseded;
    this.#log = options.log;
  }

  get entry(): RunEntry {
    return this.#entry;
  }

  /** The entry as it was heard of: another one's is not ours any more; ours may hold a wish to stop. */
  heard(entry: RunEntry, revision: number): void {
    if (revision <= this.#revision || this.#lost) return;
    if (!this.#isMine(entry)) this.#lose();
    else if (entry.stop !== undefined) this.#entry = { ...this.#entry, stop: entry.stop };
  }

  /**
   * Writes a change; resolves when it is stored. Tries as long as the store does not answer. Throws `Superseded`, and the
   * reason of the signal.
   */
  change(make: (entry: RunEntry) => RunChange, signal: AbortSignal): Promise<void> {
    return this.#turns.run(async () => {
      for (;;) {
        signal.throwIfAborted();
        if (this.#lost) throw new Superseded('another controller conducts the run');
        const next = { ...this.#entry, ...make(this.#entry) };
        if (await this.#write(next)) return;
        await sleep(againMs, undefined, { signal });
      }
    });
  }

  /** Tells the others that this controller lives; false: it could not. */
  beat(): Promise<boolean> {
    return this.#turns.run(async () => {
      if (this.#lost || this.#entry.endedAtMs !== undefined) return true;
      const { lease } = this.#entry;
      return this.#write({ ...this.#entry, lease: { ...lease, beat: lease.beat + 1 } });
    });
  }

  /** Gives the run to whoever wants it; nothing is written after. */
  async release(nobody: string): Promise<void> {
    await this.#turns.run(async () => {
      const ended = this.#entry.endedAtMs !== undefined;
      if (!this.#lost && !ended)
        await this.#write({ ...this.#entry, lease: { ...this.#entry.lease, controller: nobody } });
      this.#lost = true;
    });
  }

  /** Writes; false: to be tried again. */
  async #write(next: RunEntry): Promise<boolean> {
    try {
      this.#revision = await this.#store.update(next.run, next, this.#revision);
      this.#entry = next;
      return true;
    } catch (thrown) {
      if (!(thrown instanceof PosternError)) throw thrown;
      if (thrown.code === 'STORE_CONFLICT') await this.#reread();
      else if (thrown.code !== 'STORE_UNAVAILABLE' && thrown.code !== 'STORE_FULL') throw thrown;
      this.#log.debug({ run: next.run, err: errorText(thrown) }, 'the entry of a run was not written');
      return false;
    }
  }

  async #reread(): Promise<void> {
    let found: Awaited<ReturnType<Store<RunEntry>['get']>>;
    try {
      found = await this.#store.get(this.#entry.run);
    } catch (thrown) {
      this.#log.debug({ run: this.#entry.run, err: errorText(thrown) }, 'the entry of a run was not read');
      return;
    }
    if (found === undefined || !this.#isMine(found.value)) return this.#lose();
    // what was written is there though the answer was lost, or somebody wishes to stop
    this.#entry = found.value;
    this.#revision = found.revision;
  }

  #isMine({ lease }: RunEntry): boolean {
    const mine = this.#entry.lease;
    return lease.controller === mine.controller && lease.term === mine.term;
  }

  #lose(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#superseded();
  }
}
