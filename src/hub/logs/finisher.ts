import { createHash } from 'node:crypto';
import type { Shelf, ShelfEntry } from '../../bus/shelf.js';
import { PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { AwayStore } from './away.js';
import { openName } from './ledger.js';

/** Makes a file out of pieces that are all there: checks them, and brings them to where files are kept. */
export class Finisher {
  readonly #shelf: Shelf;
  readonly #away: AwayStore | undefined;
  readonly #log: Logger;
  /** By the id of the pieces. */
  readonly #working = new Map<string, Promise<void>>();

  constructor(options: { shelf: Shelf; away: AwayStore | undefined; log: Logger }) {
    this.#shelf = options.shelf;
    this.#away = options.away;
    this.#log = options.log;
  }

  /**
   * Resolves when the file is whole. Rejects `UPLOAD_CHANGED` when its pieces are not what was begun; they are gone then.
   * Asking again while it works waits for the same.
   */
  finish(key: string, open: ShelfEntry): Promise<void> {
    const { id } = open;
    let work = this.#working.get(id);
    if (work === undefined) {
      work = this.#finish(key, open).finally(() => this.#working.delete(id));
      work.catch(() => {}); // whoever asks next hears of it
      this.#working.set(id, work);
    }
    return work;
  }

  /** Ends the entry of a file that is on its way no more; its pieces stay. */
  async closeOpen(key: string, id: string): Promise<void> {
    const { entry, revision } = await this.#shelf.entry(openName(key));
    if (entry?.id !== id || entry.state !== 'open') return;
    await unlessChanged(this.#shelf.put(openName(key), gone(entry), revision));
  }

  async #finish(key: string, open: ShelfEntry): Promise<void> {
    const { id, size, sha256, node } = open;
    const hash = createHash('sha256');
    let pieces = 0;
    for await (const piece of this.#shelf.read(id, 0, size)) {
      hash.update(piece);
      pieces++;
    }
    if (hash.digest('hex') !== sha256) {
      await this.closeOpen(key, id);
      await this.#shelf.dropPieces(id);
      throw new PosternError(
        'UPLOAD_CHANGED',
        'what was sent is not what was begun: the file was changed meanwhile',
      );
    }
    await this.#away?.put(key, size, this.#shelf.read(id, 0, size));
    const state = this.#away === undefined ? 'whole' : 'away';
    const { entry: before, revision } = await this.#shelf.entry(key);
    if (before?.id !== id || before.state === 'gone') {
      await this.#shelf.put(key, { ...open, state, pieces, atMs: Date.now() }, revision);
      this.#log.info({ node, key, size }, 'a file was brought to the hub');
    }
    await this.closeOpen(key, id);
    if (before !== undefined && before.id !== id) await this.#shelf.dropPieces(before.id);
    if (state === 'away') await this.#shelf.dropPieces(id);
  }
}

/** The entry of what is there no more. */
export function gone(entry: ShelfEntry): ShelfEntry {
  return { ...entry, state: 'gone', atMs: Date.now() };
}

/** Somebody else who was first has seen what there is now. */
export async function unlessChanged(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (thrown) {
    if (!(thrown instanceof PosternError && thrown.code === 'STORE_CONFLICT')) throw thrown;
  }
}
