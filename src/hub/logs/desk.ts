import { randomBytes } from 'node:crypto';
import { type LogAnswer, type LogPart, smallestLogPart } from '../../bus/log-messages.js';
import type { PiecesEnd, Shelf, ShelfEntry } from '../../bus/shelf.js';
import { PosternError } from '../../errors.js';
import type { Finisher } from './finisher.js';
import { keyOf } from './keys.js';
import { type Ledger, openName } from './ledger.js';
import { partBytes } from './part-bytes.js';

type Good = Extract<LogAnswer, { ok: true }>;
type Of<K extends LogPart['kind']> = Extract<LogPart, { kind: K }>;

/** A file that is checked for longer is asked for again, milliseconds. */
const checkingMs = 4_000;
/** The files on their way that are remembered here; of others the shelf is asked. */
const mostRemembered = 1_000;

interface OnItsWay {
  readonly entry: ShelfEntry;
  readonly end: PiecesEnd;
}

/**
 * Takes files from agents step by step. What the answer says of a file is what is stored, so that a hub that is killed,
 * another one that takes the next step, and an answer that is lost change nothing.
 */
export class UploadDesk {
  readonly #shelf: Shelf;
  readonly #ledger: Pick<Ledger, 'assertRoom'>;
  readonly #finisher: Finisher;
  readonly #link: (key: string, entry: ShelfEntry) => string;
  /** By key; the ones that were used last are at the end. */
  readonly #known = new Map<string, OnItsWay>();

  constructor(options: {
    shelf: Shelf;
    ledger: Pick<Ledger, 'assertRoom'>;
    finisher: Finisher;
    link: (key: string, entry: ShelfEntry) => string;
  }) {
    this.#shelf = options.shelf;
    this.#ledger = options.ledger;
    this.#finisher = options.finisher;
    this.#link = options.link;
  }

  /** One step of a node. Throws `UPLOAD_REFUSED`, `UPLOAD_CHANGED`, and what the shelf and the ledger throw. */
  async take(node: string, part: LogPart): Promise<Good> {
    const key = keyOf(part);
    try {
      switch (part.kind) {
        case 'ask':
          return await this.#standing(node, key);
        case 'begin':
          return await this.#begin(node, key, part);
        case 'part':
          return await this.#part(node, key, part);
        case 'end':
          return await this.#end(node, key, part);
      }
    } catch (thrown) {
      this.#known.delete(key);
      throw thrown;
    }
  }

  async #standing(node: string, key: string): Promise<Good> {
    const { open, whole } = await this.#entries(node, key);
    if (open !== undefined && open.id !== whole?.id) {
      const end = await this.#shelf.end(open.id);
      this.#remember(key, { entry: open, end });
      return told(open, 'open', end.bytes);
    }
    // whoever has made it whole did not come to close it
    if (open !== undefined) await this.#finisher.closeOpen(key, open.id);
    return whole === undefined ? nothing : told(whole, 'whole', whole.size, this.#link(key, whole));
  }

  async #begin(node: string, key: string, part: Of<'begin'>): Promise<Good> {
    const { size, sha256 } = part;
    const standing = await this.#standing(node, key);
    const isSame = standing.size === size && standing.sha256 === sha256;
    if (isSame && standing.state !== 'none') return standing;
    this.#ledger.assertRoom(node, key, part, size);
    const { entry: before, revision } = await this.#shelf.entry(openName(key));
    const id = randomBytes(16).toString('base64url');
    const entry = { v: 1, node, id, size, sha256, atMs: Date.now(), state: 'open', pieces: 0 } as const;
    await this.#shelf.put(openName(key), entry, revision);
    if (before?.state === 'open') await this.#shelf.dropPieces(before.id);
    this.#remember(key, { entry, end: { place: 0, bytes: 0, pieces: 0 } });
    return told(entry, 'open', 0);
  }

  async #part(node: string, key: string, part: Of<'part'>): Promise<Good> {
    const { at, sha256 } = part;
    const known = this.#known.get(key);
    const isNext = known?.end.bytes === at && known.entry.sha256 === sha256 && known.entry.node === node;
    const { entry, end } = isNext ? known : await this.#onItsWay(node, key, sha256);
    if (end.bytes !== at) return told(entry, 'open', end.bytes);
    const bytes = await partBytes(part);
    if (at + bytes.length > entry.size) {
      throw new PosternError(
        'UPLOAD_REFUSED',
        `the part ends behind the file, which has ${entry.size} bytes`,
      );
    }
    if (bytes.length < smallestLogPart && at + bytes.length < entry.size) {
      // of a file that became shorter, or of somebody who wants to fill the disk
      throw new PosternError('UPLOAD_CHANGED', `only the last part has less than ${smallestLogPart} bytes`);
    }
    try {
      const now = await this.#shelf.append(entry.id, end, bytes);
      this.#remember(key, { entry, end: now });
      return told(entry, 'open', now.bytes);
    } catch (thrown) {
      if (!(thrown instanceof PosternError && thrown.code === 'STORE_CONFLICT')) throw thrown;
      // another hub has stored something meanwhile
      const there = await this.#onItsWay(node, key, sha256);
      return told(there.entry, 'open', there.end.bytes);
    }
  }

  async #end(node: string, key: string, { sha256 }: Of<'end'>): Promise<Good> {
    const standing = await this.#standing(node, key);
    if (standing.state === 'whole' && standing.sha256 === sha256) return standing;
    const { entry, end } = await this.#onItsWay(node, key, sha256);
    if (end.bytes < entry.size) return told(entry, 'open', end.bytes);
    const finished = await within(checkingMs, this.#finisher.finish(key, entry));
    this.#known.delete(key);
    return finished ? this.#standing(node, key) : told(entry, 'checking', end.bytes);
  }

  async #onItsWay(node: string, key: string, sha256: string): Promise<OnItsWay> {
    const { open } = await this.#entries(node, key);
    if (open === undefined || open.sha256 !== sha256) {
      throw new PosternError('UPLOAD_CHANGED', 'this file is not on its way here: begin it anew');
    }
    const found = { entry: open, end: await this.#shelf.end(open.id) };
    this.#remember(key, found);
    return found;
  }

  /** What there is of a file. Throws `UPLOAD_REFUSED` where it is another node's. */
  async #entries(node: string, key: string) {
    const [{ entry: open }, { entry: whole }] = await Promise.all([
      this.#shelf.entry(openName(key)),
      this.#shelf.entry(key),
    ]);
    for (const entry of [open, whole]) {
      if (entry !== undefined && entry.state !== 'gone' && entry.node !== node) {
        throw new PosternError('UPLOAD_REFUSED', `${JSON.stringify(key)} is a file of another node`);
      }
    }
    return {
      open: open?.state === 'open' ? open : undefined,
      whole: whole?.state === 'gone' ? undefined : whole,
    };
  }

  #remember(key: string, known: OnItsWay): void {
    this.#known.delete(key);
    this.#known.set(key, known);
    if (this.#known.size <= mostRemembered) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      break;
    }
  }
}

const nothing: Good = { ok: true, state: 'none', size: 0, sha256: '', have: 0, link: '' };

function told({ size, sha256 }: ShelfEntry, state: Good['state'], have: number, link = ''): Good {
  return { ok: true, state, size, sha256, have, link };
}

/** Whether the work was done in time; it goes on anyhow. */
async function within(ms: number, work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
