import { type ActorNow, actorKey, type Counts, inTimeOrder, type Move, moveKey } from './model.js';
import type { World } from './world.js';

/** An actor at one moment. */
export interface Moment {
  readonly state: string;
  readonly sinceMs: number | undefined;
  /** JSON. */
  readonly context: string;
  /** The context before its last transition; undefined: not known. */
  readonly contextBefore: string | undefined;
  readonly ignored: Counts;
  /** It has ended. */
  readonly gone: boolean;
  /** The transition that led to it; undefined: none is known. */
  readonly move: Move | undefined;
  /** How many of the actor's known transitions were done. */
  readonly done: number;
}

/** All known transitions, of whichever actor, in the order of time. */
export function timeline(world: World): readonly Move[] {
  return [...world.moves.values()].flat().sort(inTimeOrder);
}

/**
 * The place in a timeline that a word of the URL names, `atMs@machine/id@bornMs~sequence`, or only a time; undefined: it is
 * live. What is not known any more is the last one before that time, or the first.
 */
export function placeInTime(moves: readonly Move[], word: string): number | undefined {
  const [time = '', ...rest] = word.split('@');
  const atMs = Number(time);
  if (time === '' || !Number.isFinite(atMs) || moves.length === 0) return undefined;
  const key = rest.join('@');
  const exact = key === '' ? -1 : moves.findIndex((move) => moveKey(move) === key);
  return exact >= 0
    ? exact
    : Math.max(
        0,
        moves.findLastIndex((move) => move.atMs <= atMs),
      );
}

/** The word of the URL for a transition. */
export function wordForPlace(move: Move): string {
  return `${move.atMs}@${moveKey(move)}`;
}

/** An actor as it was at a place in the timeline; undefined place: as it is. Undefined: it had not begun, as far as is known. */
export function momentAt(
  world: World,
  key: string,
  line: readonly Move[],
  place: number | undefined,
): Moment | undefined {
  const own = world.moves.get(key) ?? [];
  if (place === undefined) return present(world.actors.get(key), own);
  const until = line[place];
  if (until === undefined) return undefined;
  // The actor's own order is sure; that between actors goes by their clocks.
  const done =
    actorKey(until) === key
      ? own.findIndex((move) => moveKey(move) === moveKey(until)) + 1
      : own.findLastIndex((move) => inTimeOrder(move, until) <= 0) + 1;
  const move = own[done - 1];
  if (move !== undefined) return after(move, own, done);
  const first = own[0];
  if (first === undefined || first.from === '') return undefined;
  // All that is known of the time before the first kept transition is the state that it left.
  const unknown = { sinceMs: undefined, context: '', contextBefore: undefined, ignored: {} };
  return { ...unknown, state: first.from, gone: false, move: undefined, done: 0 };
}

function present(actor: ActorNow | undefined, own: readonly Move[]): Moment | undefined {
  if (actor === undefined) return undefined;
  const { state, sinceMs, context, ignored, gone } = actor;
  const move = own.at(-1);
  const contextBefore = move === undefined ? undefined : before(own, own.length);
  return { state, sinceMs, context, contextBefore, ignored, gone, move, done: own.length };
}

function after(move: Move, own: readonly Move[], done: number): Moment {
  const gone = move.to === '';
  return {
    state: gone ? move.from : move.to,
    sinceMs: since(own, done),
    context: move.context,
    contextBefore: before(own, done),
    ignored: move.ignored,
    gone,
    move,
    done,
  };
}

/** The context before the last of some transitions, of the same life. */
function before(own: readonly Move[], done: number): string | undefined {
  const [last, previous] = [own[done - 1], own[done - 2]];
  return previous !== undefined && previous.bornMs === last?.bornMs ? previous.context : undefined;
}

/** When the state was entered that the last of some transitions led to. */
function since(own: readonly Move[], done: number): number | undefined {
  const entered = own.slice(0, done).findLast(({ from, to }) => from !== to && to !== '');
  return entered?.atMs;
}
