import { PosternError } from '../../errors.js';

/** A place behind an event: what follows it in its stream is what a reader has not seen. */
export interface Cursor {
  /** Which stream; its places count anew where another has taken its place. */
  readonly stream: string;
  /** Place of a message in the stream, counted from 1; 0: before all. */
  readonly place: number;
  /** Events of this message that were seen; undefined: all. */
  readonly seen?: number | undefined;
}

/** Names a stream by when it was made, an RFC 3339 time. */
export function streamName(created: string): string {
  return (Date.parse(created) || 0).toString(36);
}

/** A cursor as readers keep it: `mb3k2x1c-42`, or `mb3k2x1c-42-7` within a message. */
export function formatCursor({ stream, place, seen }: Cursor): string {
  return seen === undefined ? `${stream}-${place}` : `${stream}-${place}-${seen}`;
}

/** Reads what `formatCursor` has made. Throws `INVALID_ARGUMENT`. */
export function parseCursor(text: string): Cursor {
  const [, stream, place, seen] = /^([0-9a-z]{1,16})-(\d{1,15})(?:-(\d{1,6}))?$/.exec(text) ?? [];
  if (stream === undefined) {
    throw new PosternError('INVALID_ARGUMENT', 'after_cursor: it is no cursor that an event had');
  }
  return { stream, place: Number(place), ...(seen === undefined ? {} : { seen: Number(seen) }) };
}
