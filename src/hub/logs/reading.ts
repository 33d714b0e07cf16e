import type { Shelf, ShelfEntry } from '../../bus/shelf.js';
import { PosternError } from '../../errors.js';
import type { AwayStore } from './away.js';

/** The method that a token has to be good for, for whoever reads what a node's logs were. */
export const readMethod = '/postern.v1.LogsService/ReadLog';

/** The bytes of a file from one on. Throws `STORE_LOST`, `STORE_UNAVAILABLE`. */
export function bytesOf(
  { shelf, away }: { readonly shelf: Pick<Shelf, 'read'>; readonly away: AwayStore | undefined },
  key: string,
  { state, id, size }: ShelfEntry,
  from: number,
): AsyncGenerator<Uint8Array> {
  if (state !== 'away') return shelf.read(id, from, size);
  if (away === undefined) {
    throw new PosternError(
      'STORE_UNAVAILABLE',
      'the file is in an object store that this hub is not told of',
    );
  }
  return away.read(key, from);
}
