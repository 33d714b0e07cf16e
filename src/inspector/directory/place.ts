import { PosternError } from '../../errors.js';
import { kinds } from './kinds.js';

/** How far a stream was read. */
export interface Place {
  /** When the stream was made: places of another one mean nothing in it. */
  readonly created: string;
  readonly place: number;
}

/** How far the streams of all machines were read, by machine. */
export type Places = Map<string, Place>;

const form = /^1(?:~[a-z]{1,16}-[0-9a-z]{1,16}-[0-9a-z]{1,12})+$/;

/** Places as readers keep them, good at every hub: `1~link-mb3k2x1c-2f~node-…`. */
export function formatPlaces(places: Places): string {
  const parts = [...places].map(
    ([machine, { created, place }]) => `~${machine}-${streamName(created)}-${place.toString(36)}`,
  );
  return `1${parts.join('')}`;
}

/** Names a stream by when it was made, an RFC 3339 time. */
export function streamName(created: string): string {
  return (Date.parse(created) || 0).toString(36);
}

/** A place in a stream with that name. */
export interface NamedPlace {
  readonly stream: string;
  readonly place: number;
}

/** Reads what `formatPlaces` has made. Throws `INVALID_ARGUMENT`. */
export function parsePlaces(text: string): ReadonlyMap<string, NamedPlace> {
  const places = new Map<string, NamedPlace>();
  if (!form.test(text)) refuse();
  for (const part of text.split('~').slice(1)) {
    const [machine = '', stream = '', digits = ''] = part.split('-');
    const place = Number.parseInt(digits, 36);
    if (!kinds.some((kind) => kind.machine === machine) || !Number.isSafeInteger(place)) refuse();
    places.set(machine, { stream, place });
  }
  return places;
}

function refuse(): never {
  throw new PosternError('INVALID_ARGUMENT', 'resume: it is no place that a message of a watch had');
}
