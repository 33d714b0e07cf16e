import { createHash } from 'node:crypto';
import type { Place } from '../log/record.js';
import { maxParents } from './entry.js';
import type { ChainPlace } from './sealing.js';

/** What is kept in memory of a stored entry. */
export interface StoredEntry {
  readonly hash: Buffer;
  readonly author: Author;
  readonly kind: number;
  readonly seq: number;
  readonly lamport: number;
  readonly place: Place;
  /** Key of a message that this device can read. */
  readonly messageKey: Buffer | undefined;
}

/** A device that has written. */
export interface Author {
  readonly device: Buffer;
  readonly id: string;
  /** What is stored, by number. */
  readonly entries: StoredEntry[];
  /** Where its messages can be read from; undefined before it has told. */
  reader: ChainPlace | undefined;
  /** Messages that are stored. */
  messages: number;
}

/** The stored entries of a group: by author, as they came, and in the one order that is the same everywhere. */
export class LogIndex {
  readonly authors = new Map<string, Author>();
  /** In the order in which they were stored here. */
  readonly arrived: StoredEntry[] = [];
  /** By lamport time, then device, then number: each entry stands after all that its author had seen. */
  readonly ordered: StoredEntry[] = [];
  readonly #byHash = new Map<string, StoredEntry>();
  readonly #heads = new Map<string, StoredEntry>();

  /** Makes or finds the author. */
  author(device: Uint8Array): Author {
    const id = Buffer.from(device).toString('hex');
    const known = this.authors.get(id);
    if (known !== undefined) return known;
    const made: Author = { device: Buffer.from(device), id, entries: [], reader: undefined, messages: 0 };
    this.authors.set(id, made);
    return made;
  }

  add(entry: StoredEntry, parents: readonly Uint8Array[]): void {
    const before = entry.author.entries.at(-1);
    entry.author.entries.push(entry);
    this.arrived.push(entry);
    this.ordered.splice(this.#placeOf(entry), 0, entry);
    const id = entry.hash.toString('hex');
    this.#byHash.set(id, entry);
    if (before !== undefined) this.#heads.delete(before.hash.toString('hex'));
    for (const parent of parents) this.#heads.delete(Buffer.from(parent).toString('hex'));
    this.#heads.set(id, entry);
  }

  find(hash: Uint8Array): StoredEntry | undefined {
    return this.#byHash.get(Buffer.from(hash).toString('hex'));
  }

  /** Where an entry of this group stands in `ordered`. */
  positionOf(entry: StoredEntry): number {
    return this.#placeOf(entry) - 1;
  }

  /** The newest entries: parents of the next one. */
  heads(): Buffer[] {
    const heads = [...this.#heads.values()].sort((a, b) => b.lamport - a.lamport);
    return heads.slice(0, maxParents).map(({ hash }) => hash);
  }

  get lamport(): number {
    return this.ordered.at(-1)?.lamport ?? 0;
  }

  /** The same wherever the same entries are. */
  digest(): Buffer {
    const hash = createHash('sha256');
    for (const id of [...this.authors.keys()].sort()) {
      const last = this.authors.get(id)?.entries.at(-1);
      if (last !== undefined) hash.update(`${id} ${last.seq} `).update(last.hash);
    }
    return hash.digest();
  }

  /** How many entries are not after this one. */
  #placeOf(entry: StoredEntry): number {
    let low = 0;
    let high = this.ordered.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.ordered[middle];
      if (other !== undefined && compare(other, entry) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function compare(a: StoredEntry, b: StoredEntry): number {
  if (a.lamport !== b.lamport) return a.lamport - b.lamport;
  if (a.author !== b.author) return a.author.id < b.author.id ? -1 : 1;
  return a.seq - b.seq;
}
