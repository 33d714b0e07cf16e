import type { Shelf } from '../../bus/shelf.js';
import { errorText } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { AwayStore } from './away.js';
import { gone, unlessChanged } from './finisher.js';
import type { Ledger } from './ledger.js';

/** How often is looked, milliseconds. */
const everyMs = 3_600_000;
/** A file that has not become whole in this time never does, milliseconds. */
const openForMs = 24 * 3_600_000;
/** Other hubs hear in this time that something is gone, milliseconds. */
const goneForMs = 10 * 60_000;

/** What is looked through. */
export interface SweeperOptions {
  readonly shelf: Shelf;
  readonly ledger: Pick<Ledger, 'all'>;
  readonly away: AwayStore | undefined;
  readonly keepMs: number;
  readonly log: Logger;
}

/** Removes what is too old, what was left half way, and pieces that belong to nothing. */
export class Sweeper {
  readonly #options: SweeperOptions;
  readonly #timer: NodeJS.Timeout;
  /** Pieces that belonged to nothing when it was looked last: what has just begun is none of them next time. */
  #strays = new Set<string>();

  constructor(options: SweeperOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      this.sweep(Date.now()).catch((thrown: unknown) => {
        options.log.warn({ err: errorText(thrown) }, 'old files of nodes are still there');
      });
    }, everyMs).unref();
  }

  /** Looks once. */
  async sweep(nowMs: number): Promise<void> {
    const { shelf, ledger, away, keepMs, log } = this.#options;
    const ids = new Set<string>();
    for (const [name, entry] of [...ledger.all()]) {
      const ageMs = nowMs - entry.atMs;
      if (entry.state === 'gone') {
        if (ageMs > goneForMs) await shelf.forget(name);
        continue;
      }
      if (ageMs <= (entry.state === 'open' ? openForMs : keepMs)) {
        ids.add(entry.id);
        continue;
      }
      const { entry: present, revision } = await shelf.entry(name);
      if (present?.id !== entry.id || present.state !== entry.state) continue;
      if (entry.state === 'away') await away?.remove(name);
      await unlessChanged(shelf.put(name, gone(present), revision));
      await shelf.dropPieces(entry.id);
      log.info({ node: entry.node, key: name }, 'a file was removed: it was too old');
    }
    const strays = (await shelf.pieceIds()).filter((id) => !ids.has(id));
    for (const id of strays) if (this.#strays.has(id)) await shelf.dropPieces(id);
    this.#strays = new Set(strays.filter((id) => !this.#strays.has(id)));
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
