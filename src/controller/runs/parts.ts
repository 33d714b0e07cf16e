import type { Store } from '../../bus/bus.js';
import type { RunPart, RunPartKind, RunPartOf } from '../../bus/run-messages.js';
import { PosternError } from '../../errors.js';
import { Superseded } from '../steps/step.js';

/** The parts of one run; what is written stands behind what is known, so that a superseded controller writes nothing. */
export class RunParts {
  readonly #store: Store<RunPart>;
  readonly #run: string;
  readonly #makeRoom: () => Promise<boolean>;
  readonly #revisions = new Map<RunPartKind, number>();

  /** `makeRoom` is asked where the bucket is full, and says whether there is more room now. */
  constructor(store: Store<RunPart>, run: string, makeRoom: () => Promise<boolean>) {
    this.#store = store;
    this.#run = run;
    this.#makeRoom = makeRoom;
  }

  /** Undefined where it is not there yet. Throws `STORE_UNAVAILABLE`. */
  async get<K extends RunPartKind>(kind: K): Promise<RunPartOf<K> | undefined> {
    const found = await this.#store.get(this.#keyOf(kind));
    this.#revisions.set(kind, found?.revision ?? 0);
    return found !== undefined && isOf(found.value, kind) ? found.value : undefined;
  }

  /**
   * What was read before may be replaced. Throws `STORE_UNAVAILABLE`, `STORE_FULL`, and `Superseded` where another one has
   * written.
   */
  async put(part: RunPart): Promise<void> {
    for (;;) {
      try {
        return await this.#write(part);
      } catch (thrown) {
        const full = thrown instanceof PosternError && thrown.code === 'STORE_FULL';
        if (!full || !(await this.#makeRoom())) throw thrown;
      }
    }
  }

  /** Deletes all of them. */
  async forget(): Promise<void> {
    for (const kind of ['scenario', 'replay', 'nodes', 'groups', 'faults'] as const) {
      await this.#store.delete(this.#keyOf(kind));
    }
  }

  async #write(part: RunPart): Promise<void> {
    const revision = this.#revisions.get(part.k) ?? 0;
    const key = this.#keyOf(part.k);
    try {
      const written =
        revision === 0 ? await this.#store.create(key, part) : await this.#store.update(key, part, revision);
      this.#revisions.set(part.k, written);
    } catch (thrown) {
      if (!(thrown instanceof PosternError) || thrown.code !== 'STORE_CONFLICT') throw thrown;
      // It may be our own, whose answer was lost.
      const found = await this.#store.get(key);
      if (JSON.stringify(found?.value) !== JSON.stringify(part)) {
        throw new Superseded(`another controller has written ${key}`);
      }
      this.#revisions.set(part.k, found?.revision ?? 0);
    }
  }

  #keyOf(kind: RunPartKind): string {
    return `${this.#run}.${kind}`;
  }
}

function isOf<K extends RunPartKind>(part: RunPart, kind: K): part is RunPartOf<K> {
  return part.k === kind;
}
