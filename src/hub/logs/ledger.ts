import type { Stop } from '../../bus/bus.js';
import type { Shelf, ShelfEntry } from '../../bus/shelf.js';
import { PosternError } from '../../errors.js';
import type { LogsConfig } from './config.js';
import { type FilePlace, uploadPrefix } from './keys.js';

/** Files whose pieces come in have entries of their own: what is whole stays until they are. */
const openPrefix = '.open/';
/** More files are not taken, of one node and of all: each is remembered here, for a while also when it is gone. */
const [mostOfNode, mostOfAll] = [20_000, 100_000];

/** Name of the entry of a file that is on its way. */
export function openName(key: string): string {
  return openPrefix + key;
}

/** The key of a file that is on its way; undefined: the entry is of a whole one. */
export function openKeyOf(name: string): string | undefined {
  return name.startsWith(openPrefix) ? name.slice(openPrefix.length) : undefined;
}

/** Knows what is on the shelf, as all hubs have put it there, and how much room there is. */
export class Ledger {
  readonly #entries = new Map<string, ShelfEntry>();
  readonly #limits: LogsConfig;
  readonly #stop: Stop;
  /** All that was there when the hub started is known. */
  readonly ready: Promise<void>;

  constructor(shelf: Pick<Shelf, 'watch'>, limits: LogsConfig) {
    this.#limits = limits;
    const { ready, stop } = shelf.watch((name, entry) => {
      if (entry === undefined) this.#entries.delete(name);
      else this.#entries.set(name, entry);
    });
    this.ready = ready;
    this.#stop = stop;
  }

  /** Every entry, with its name. */
  all(): IterableIterator<[string, ShelfEntry]> {
    return this.#entries.entries();
  }

  /** A file that can be read. */
  readable(key: string): ShelfEntry | undefined {
    const entry = openKeyOf(key) === undefined ? this.#entries.get(key) : undefined;
    return entry?.state === 'whole' || entry?.state === 'away' ? entry : undefined;
  }

  /**
   * Whether there is room for a file of that size; what is there under its name now does not count, as it makes room.
   * Throws `UPLOAD_REFUSED` where there never is, `STORE_FULL` where something else has to go first.
   */
  assertRoom(node: string, key: string, place: FilePlace, size: number): void {
    const { fileBytes, uploadBytes, nodeBytes, bytes } = this.#limits;
    if (size > fileBytes) {
      throw full(`the file has ${size} bytes, and this hub takes ${fileBytes} of one file at most`);
    }
    const upload = uploadPrefix(place);
    let [all, ofNode, ofUpload, files, nodeFiles, goneOfNode] = [size, size, size, 0, 0, 0];
    for (const [name, entry] of this.#entries) {
      if (name === openName(key)) continue;
      if (entry.state === 'gone') {
        if (name !== key && entry.node === node) goneOfNode++;
        continue;
      }
      files++;
      if (entry.node === node) nodeFiles++;
      const open = openKeyOf(name);
      if (name === key) continue;
      // what is in another store takes no room of the bus
      if (entry.state !== 'away') all += entry.size;
      if (entry.node === node) ofNode += entry.size;
      if ((open ?? name).startsWith(upload)) ofUpload += entry.size;
    }
    if (ofUpload > uploadBytes) throw full(`the upload would have more than ${uploadBytes} bytes`);
    if (ofNode > nodeBytes) {
      throw full(`the files of '${node}' at the hub would have more than ${nodeBytes} bytes`);
    }
    if (all > bytes) throw full(`the files of all nodes at the hub would have more than ${bytes} bytes`);
    const isKnown = this.#entries.has(openName(key));
    if (goneOfNode >= mostOfNode && !isKnown) {
      throw full(`'${node}' has brought too many files in a short time: try again in an hour`);
    }
    if (nodeFiles >= mostOfNode || files >= mostOfAll) throw full('there are too many files at the hub');
  }

  stop(): void {
    this.#stop();
  }
}

function full(message: string): PosternError {
  return new PosternError('STORE_FULL', message);
}
