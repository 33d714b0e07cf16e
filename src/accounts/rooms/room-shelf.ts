import type { RoomEntry } from '../../bus/account-kept.js';
import type { Entry, Store } from '../../bus/bus.js';
import { compareAndSet } from '../../bus/compare-and-set.js';
import { PosternError } from '../../errors.js';
import type { PersonalData } from '../personal-data.js';
import { readAll } from '../read-all.js';
import { roomKey } from './room-name.js';

/** The rooms that were made here, with who made them; several processes share them. */
export class RoomShelf implements PersonalData {
  readonly name = 'rooms';
  readonly #store: Store<RoomEntry>;
  readonly #most: { readonly rooms: number; readonly perMaker: number };
  readonly #now: () => number;
  /** Hears that a room is gone, since its maker is. */
  readonly #ended: (name: string) => Promise<void>;

  /**
   * @param options.most About as many more may come to be as are made at the same moment.
   * @param options.now Unix time in milliseconds; default `Date.now`.
   */
  constructor(options: {
    readonly store: Store<RoomEntry>;
    readonly most: { readonly rooms: number; readonly perMaker: number };
    readonly ended: (name: string) => Promise<void>;
    readonly now?: (() => number) | undefined;
  }) {
    this.#store = options.store;
    this.#most = options.most;
    this.#ended = options.ended;
    this.#now = options.now ?? Date.now;
  }

  /** Makes a room; nothing happens where the same maker has it already. Throws `ALREADY_EXISTS`, `TOO_MANY`. */
  async create(name: string, maker: string): Promise<void> {
    const key = roomKey(name);
    if ((await this.#store.get(key)) === undefined) await this.#assertRoom(maker);
    const entry: RoomEntry = { v: 1, name, maker, createdAtMs: this.#now() };
    const { result } = await compareAndSet(this.#store, key, (before) =>
      before === undefined ? { write: entry, result: entry } : { result: before },
    );
    if (result.maker !== maker) {
      throw new PosternError(
        'ALREADY_EXISTS',
        `there is a room '${name}' already, and somebody else has made it`,
      );
    }
  }

  async get(name: string): Promise<RoomEntry | undefined> {
    return (await this.#store.get(roomKey(name)))?.value;
  }

  /** All, in the order of their names. */
  async all(): Promise<RoomEntry[]> {
    const entries = await readAll(this.#store);
    return entries.map(({ value }) => value).sort(byName);
  }

  /** Nothing happens where there is none. */
  delete(name: string): Promise<void> {
    return this.#store.drop(roomKey(name));
  }

  async exportOf(address: string): Promise<unknown> {
    const made = await this.#madeBy(address);
    if (made.length === 0) return undefined;
    return made.map(({ value }) => ({ name: value.name, made: new Date(value.createdAtMs).toISOString() }));
  }

  async eraseOf(address: string): Promise<void> {
    for (const { key, value } of await this.#madeBy(address)) {
      await this.#ended(value.name);
      await this.#store.drop(key);
    }
  }

  async #madeBy(address: string): Promise<Entry<RoomEntry>[]> {
    return (await readAll(this.#store)).filter(({ value }) => value.maker === address);
  }

  async #assertRoom(maker: string): Promise<void> {
    const { rooms, perMaker } = this.#most;
    const all = await readAll(this.#store);
    if (all.length >= rooms) {
      throw new PosternError(
        'TOO_MANY',
        `there are ${all.length} rooms, as many as there may be: delete some`,
      );
    }
    const made = all.filter(({ value }) => value.maker === maker).length;
    if (made >= perMaker) {
      throw new PosternError('TOO_MANY', `you have made ${made} rooms, as many as one may have: delete some`);
    }
  }
}

/** By code units: the same everywhere. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}
