import type { Bus } from '../../bus/bus.js';
import { errorText, PosternError } from '../../errors.js';
import { type Heard, type Kind, kinds, type Names } from '../directory/kinds.js';
import { type NamedPlace, type Places, streamName } from '../directory/place.js';
import { inOrder, mostReplayed, replay } from '../directory/replay.js';
import type { Wanted } from '../filters.js';

/** What is wanted of what is kept. */
export interface KeptRange {
  readonly wanted: Wanted;
  readonly wants: (names: Names) => boolean;
  /** How far the streams were read already: what comes behind is heard as it happens. */
  readonly now: Places;
}

/** The last transitions of each actor, in the order of the bus; less of each where there are very many. */
export async function keptOf(
  bus: Pick<Bus, 'read'>,
  { wanted, wants, now }: KeptRange,
  perActor: number,
  actors: number,
  signal: AbortSignal,
): Promise<Heard[]> {
  if (perActor === 0 || actors === 0) return [];
  const each = Math.max(1, Math.min(perActor, Math.floor(mostReplayed / actors)));
  const read = kinds.map(async (kind) => {
    const only = wanted.of(kind.machine);
    const upTo = now.get(kind.machine)?.place ?? 0;
    if (only === undefined || upTo === 0) return [];
    return (await replay(bus, kind, { after: 0, upTo, only, wants, perActor: each }, signal)).heard;
  });
  return inOrder(await Promise.all(read));
}

/** The places that mean something in the streams of this hub. */
export function startOf(places: ReadonlyMap<string, NamedPlace>, now: Places): Places {
  const start: Places = new Map();
  for (const [machine, { stream, place }] of places) {
    const created = now.get(machine)?.created;
    if (created !== undefined && streamName(created) === stream) start.set(machine, { created, place });
  }
  return start;
}

/** What happened behind a place. */
export interface KeptSince {
  readonly heard: readonly Heard[];
  /** Not all of it is there. */
  readonly lost: boolean;
}

/** All that is wanted of what happened behind a place. Throws `STORE_UNAVAILABLE`. */
export async function keptSince(
  bus: Pick<Bus, 'read' | 'page'>,
  range: KeptRange,
  places: ReadonlyMap<string, NamedPlace>,
  signal: AbortSignal,
): Promise<KeptSince> {
  const parts = await Promise.all(kinds.map((kind) => sinceOf(bus, kind, range, places, signal)));
  return {
    heard: inOrder(parts.map(({ heard }) => heard)),
    lost: parts.some(({ lost }) => lost),
  };
}

async function sinceOf(
  bus: Pick<Bus, 'read' | 'page'>,
  kind: Kind,
  { wanted, wants, now }: KeptRange,
  places: ReadonlyMap<string, NamedPlace>,
  signal: AbortSignal,
): Promise<KeptSince> {
  const none = { heard: [], lost: false };
  const only = wanted.of(kind.machine);
  if (only === undefined) return none;
  const read = now.get(kind.machine);
  const place = places.get(kind.machine);
  if (place === undefined || read === undefined || streamName(read.created) !== place.stream) {
    return { ...none, lost: true };
  }
  const after = place.place;
  if (after === read.place) return none;
  if (after > read.place) {
    // Another hub has read more of the stream than this one, or the stream has lost its end.
    const { last } = await kind.extent(bus).catch((thrown: unknown) => {
      throw new PosternError('STORE_UNAVAILABLE', `what is kept cannot be read now: ${errorText(thrown)}`);
    });
    return { ...none, lost: last < after };
  }
  return replay(bus, kind, { after, upTo: read.place, only, wants }, signal);
}
