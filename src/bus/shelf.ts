import { z } from 'zod';
import type { Stop } from './bus.js';

/** Bucket of JetStream's object store that holds what agents bring. */
export const shelfBucket = 'logs';
/** Its stream. */
export const shelfStream = `OBJ_${shelfBucket}`;

/** What is known of an object of the shelf. */
export const shelfEntry = z.object({
  v: z.literal(1),
  /** The node that has brought it. */
  node: z.string(),
  /** Id of its pieces. */
  id: z.string().regex(/^[\w-]{8,64}$/),
  /** In bytes. */
  size: z.number().int().nonnegative(),
  /** Of all its bytes, hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** When that became so, Unix time in milliseconds. */
  atMs: z.number(),
  /**
   * `open`: pieces are awaited. `whole`: all of it is in the shelf. `away`: all of it was brought to another store. `gone`:
   * there is nothing of it any more.
   */
  state: z.enum(['open', 'whole', 'away', 'gone']),
  pieces: z.number().int().nonnegative(),
});
export type ShelfEntry = z.infer<typeof shelfEntry>;

/** Where the pieces of an object end. */
export interface PiecesEnd {
  /** Place of the last one in the stream; 0: there is none. */
  readonly place: number;
  /** Bytes of all of them. */
  readonly bytes: number;
  readonly pieces: number;
}

/**
 * Files that agents bring, in a bucket of JetStream's object store: what is whole is an object that other clients of
 * object stores can read too, where `name` is the name of the object. It grows piece by piece, each behind the one before
 * it, so that a piece is there once however often and by however many hubs it is stored. For hubs.
 * Everything throws `STORE_UNAVAILABLE` when JetStream does not answer.
 */
export interface Shelf {
  /** The entries that are there, then each change; undefined: nothing is known of it any more. */
  watch(listener: (name: string, entry: ShelfEntry | undefined) => void): {
    ready: Promise<void>;
    stop: Stop;
  };
  /** The entry and its revision, 0 where there is none. */
  entry(name: string): Promise<{ readonly entry: ShelfEntry | undefined; readonly revision: number }>;
  /** Replaces an entry of that revision (0: there is none). Throws `STORE_CONFLICT`, `STORE_FULL`. */
  put(name: string, entry: ShelfEntry, revision: number): Promise<void>;
  end(id: string): Promise<PiecesEnd>;
  /** Stores a piece behind those that end there. Throws `STORE_CONFLICT`, `STORE_FULL`, `BODY_TOO_LARGE`. */
  append(id: string, end: PiecesEnd, bytes: Uint8Array): Promise<PiecesEnd>;
  /** The pieces from the byte `from` on. Throws `STORE_LOST` where one is missing. */
  read(id: string, from: number, size: number): AsyncGenerator<Uint8Array>;
  /** Removes all pieces of an object. */
  dropPieces(id: string): Promise<void>;
  /** Of whatever has pieces. */
  pieceIds(): Promise<string[]>;
  /** Removes what is left of an entry that is `gone`. */
  forget(name: string): Promise<void>;
}
