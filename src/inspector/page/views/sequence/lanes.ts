import { type ActorNow, actorKey, type Move, moveKey } from '../machine/model.js';

/** More lanes are not drawn at once. */
export const mostLanes = 16;

/** An actor in a sequence. */
export interface Lane {
  /** `machine/id`. */
  readonly key: string;
  readonly moves: number;
  readonly gone: boolean;
}

/** What is shown of a sequence. */
export interface Choice {
  /** Keys of the actors that are hidden. */
  readonly hidden: ReadonlySet<string>;
  /** Types of events that are shown; none: all. */
  readonly events: ReadonlySet<string>;
  /** All of its words must be in a transition. */
  readonly search: string;
}

/** The actors that there are, in the order of their lanes, which is that of their names. */
export function lanesOf(actors: Iterable<ActorNow>, moves: readonly Move[]): readonly Lane[] {
  const counts = new Map<string, number>();
  for (const move of moves) counts.set(actorKey(move), (counts.get(actorKey(move)) ?? 0) + 1);
  const lanes = new Map<string, Lane>();
  for (const actor of actors) {
    const key = actorKey(actor);
    lanes.set(key, { key, moves: counts.get(key) ?? 0, gone: actor.gone });
  }
  return [...lanes.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** The lanes that are drawn: those not hidden, and of too many the ones in which most happened, in their order. */
export function lanesShown(lanes: readonly Lane[], hidden: ReadonlySet<string>): readonly Lane[] {
  const open = lanes.filter(({ key }) => !hidden.has(key));
  if (open.length <= mostLanes) return open;
  const busiest = new Set(open.toSorted((a, b) => b.moves - a.moves).slice(0, mostLanes));
  return open.filter((lane) => busiest.has(lane));
}

/**
 * What stands above the lanes, by key: the machine, and of the id what tells them apart. Ids of tests and faults begin with
 * their run; that is left out where it is the same for all.
 */
export function headsOf(
  lanes: readonly Lane[],
): ReadonlyMap<string, readonly [machine: string, name: string]> {
  const parts = lanes.map(({ key }) => {
    const slash = key.indexOf('/');
    return { key, machine: key.slice(0, slash), id: key.slice(slash + 1) };
  });
  const runs = new Set(parts.flatMap(({ id }) => runOf(id) ?? []));
  return new Map(
    parts.map(({ key, machine, id }) => {
      const run = runs.size === 1 ? runOf(id) : undefined;
      return [key, [machine, run === undefined ? id : id.slice(run.length + 1)]];
    }),
  );
}

/** The run that an id of the form `run.test.node` begins with. */
function runOf(id: string): string | undefined {
  const [run, , node] = id.split('.');
  return node === undefined ? undefined : run;
}

/** The transitions that are shown, in the order they were in. */
export function marksShown(
  moves: readonly Move[],
  lanes: readonly Lane[],
  { events, search }: Choice,
): readonly Move[] {
  const keys = new Set(lanes.map(({ key }) => key));
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return moves.filter((move) => {
    if (!keys.has(actorKey(move))) return false;
    if (events.size > 0 && !events.has(move.event)) return false;
    return words.length === 0 || holds(move, words);
  });
}

/** Types of events and how often they come, the most frequent first. */
export function eventCounts(moves: readonly Move[]): readonly (readonly [event: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const { event } of moves) counts.set(event, (counts.get(event) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

/** The transition that a word of the URL names. */
export function chosenMark(moves: readonly Move[], word: string): Move | undefined {
  return word === '' ? undefined : moves.find((move) => moveKey(move) === word);
}

function holds(move: Move, words: readonly string[]): boolean {
  const text =
    `${actorKey(move)} ${move.event} ${move.from} ${move.to} ${move.by} ${move.detail}`.toLowerCase();
  return words.every((word) => text.includes(word));
}
