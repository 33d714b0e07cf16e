import type { Bus } from '../../bus/bus.js';
import type { Actor, WatchResponse } from '../../gen/postern/v1/inspector.js';
import type { Directory, DirectoryListener } from '../directory/directory.js';
import { kinds, type Names } from '../directory/kinds.js';
import type { KnownActor } from '../directory/known-actor.js';
import type { NamedPlace } from '../directory/place.js';
import type { Wanted } from '../filters.js';
import { Backlog } from './backlog.js';
import { keptOf, keptSince, startOf } from './kept-history.js';
import { Pace } from './pace.js';

/** Messages come at most so often, milliseconds apart: what happens in between is told together. */
const everyMs = 100;
/** Where nothing that is wanted happens, the place is told so often, milliseconds: it grows too old to be resumed. */
const placeEveryMs = 15_000;

/** What to watch, and for whom. */
export interface WatchOptions {
  readonly wanted: Wanted;
  /** Whether the visitor may see an actor. */
  readonly sees: (names: Names) => boolean;
  /** Begin behind these places; undefined: with what is now. */
  readonly resume: ReadonlyMap<string, NamedPlace> | undefined;
  /** At first, so many kept transitions of each actor. */
  readonly history: number;
  /** End when what is kept was told. */
  readonly historyOnly: boolean;
}

/** The way to the reader. */
export interface WatchSink {
  /** Resolves when the reader takes more. */
  write(message: WatchResponse): Promise<void>;
  /** Aborts when the reader has gone. */
  readonly signal: AbortSignal;
}

/**
 * One watch: the actors as they are or what has happened since, then what happens. The directory has to be in use. A
 * reader that is too slow is not cut off: it is told that it has lost something, and what is now.
 */
export async function watch(
  directory: Directory,
  bus: Pick<Bus, 'read' | 'page'>,
  options: WatchOptions,
  { write, signal }: WatchSink,
): Promise<void> {
  const { wanted, sees } = options;
  const wants = (names: Names): boolean => wanted.matches(names) && sees(names);
  const backlog = new Backlog();
  const pace = new Pace(everyMs, signal);
  const listener: DirectoryListener = {
    transition: ({ names }, transition, place) => {
      if (!wants(names)) return;
      backlog.happened(transition, names.machine, place);
      pace.wake();
    },
    changed: (known) => {
      if (!wants(known.names)) return;
      backlog.changed(known);
      pace.wake();
    },
    lost: (machine) => {
      if (wanted.of(machine) === undefined) return;
      backlog.overran();
      pace.wake();
    },
  };
  const present = (): Actor[] => [...visible(directory, wants)].map(({ actor }) => actor);
  const now = directory.places();
  const atFirst = options.resume === undefined ? present() : [];
  const unlisten = directory.listen(listener);
  try {
    const range = { wanted, wants, now };
    if (options.resume === undefined) {
      backlog.begin(atFirst, now, false);
      backlog.kept(await keptOf(bus, range, options.history, atFirst.length, signal));
    } else {
      backlog.resume(startOf(options.resume, now));
      const { heard, lost } = await keptSince(bus, range, options.resume, signal);
      if (lost) backlog.overran();
      backlog.kept(heard);
    }
    for (let live = false; !signal.aborted; ) {
      if (backlog.overrun) backlog.begin(present(), directory.places(), true);
      const message = backlog.next(directory.places()) ?? backlog.onlyPlace(directory.places());
      const drained = !backlog.waiting;
      if (message !== undefined) await write(!live && drained ? { ...message, live: true } : message);
      else if (!live && drained) await write({ ...nothing, live: true });
      if (drained) live = true;
      if (live && options.historyOnly) return;
      if (!backlog.waiting) await pace.wait(placeEveryMs);
    }
  } finally {
    unlisten();
    pace.stop();
  }
}

const nothing: WatchResponse = { actors: [], transitions: [], place: '', live: false, lost: false };

function* visible(directory: Directory, wants: (names: Names) => boolean): Generator<KnownActor> {
  for (const { machine } of kinds) {
    for (const known of directory.ofMachine(machine)) if (wants(known.names)) yield known;
  }
}
