import { type ActorNow, actorKey, inOwnOrder, type Move } from './model.js';

/** What is known of the actors that are followed. */
export interface World {
  readonly actors: ReadonlyMap<string, ActorNow>;
  /** By actor, in its own order. */
  readonly moves: ReadonlyMap<string, readonly Move[]>;
  /** All that was kept has come; what comes now is new. */
  readonly live: boolean;
  /** Some transitions in between are not kept any more. */
  readonly lost: boolean;
}

/** What the hub tells at once. */
export interface News {
  readonly actors: readonly ActorNow[];
  readonly moves: readonly Move[];
  readonly live: boolean;
  readonly lost: boolean;
}

/** How much is kept: the oldest goes first. */
export interface Bounds {
  /** Transitions of one actor. */
  readonly each: number;
  /** Transitions of all. */
  readonly all: number;
}

/** Nothing is known. */
export const nothing: World = { actors: new Map(), moves: new Map(), live: false, lost: false };

/** What is known after some news. Transitions that are known already change nothing, in whatever order they come. */
export function after(world: World, news: News, bounds: Bounds): World {
  const actors = new Map(world.actors);
  const moves = new Map(world.moves);
  for (const actor of news.actors) actors.set(actorKey(actor), actor);
  for (const [key, added] of byActor(news.moves)) {
    const merged = merge(moves.get(key) ?? [], added, bounds.each);
    moves.set(key, merged);
    const last = merged.at(-1);
    const actor = actors.get(key);
    if (last !== undefined && isNewer(last, actor)) actors.set(key, moved(actor, last));
  }
  return {
    actors,
    moves: bounded(moves, bounds.all),
    live: world.live || news.live,
    lost: world.lost || news.lost,
  };
}

/** What is known of some actors alone. */
export function only(world: World, keep: (actor: ActorNow) => boolean): World {
  const actors = new Map([...world.actors].filter(([, actor]) => keep(actor)));
  return { ...world, actors, moves: new Map([...world.moves].filter(([key]) => actors.has(key))) };
}

function isNewer(move: Move, actor: ActorNow | undefined): boolean {
  if (actor === undefined || move.bornMs > actor.bornMs) return true;
  return move.bornMs === actor.bornMs && move.sequence > actor.sequence;
}

/** An actor behind a transition; what only the hub can know of its new state is not known yet. */
function moved(actor: ActorNow | undefined, move: Move): ActorNow {
  const ended = move.to === '';
  return {
    machine: move.machine,
    id: move.id,
    node: move.node,
    run: actor?.run ?? '',
    state: ended ? move.from : move.to,
    sinceMs: move.from === move.to || ended ? (actor?.sinceMs ?? move.atMs) : move.atMs,
    bornMs: move.bornMs,
    sequence: move.sequence,
    context: move.context,
    gone: ended,
    ignored: move.ignored,
    definition: move.definition,
    operations: undefined,
  };
}

function byActor(moves: readonly Move[]): Map<string, Move[]> {
  const grouped = new Map<string, Move[]>();
  for (const move of moves) {
    const key = actorKey(move);
    const group = grouped.get(key);
    if (group === undefined) grouped.set(key, [move]);
    else group.push(move);
  }
  return grouped;
}

function merge(known: readonly Move[], added: readonly Move[], most: number): readonly Move[] {
  const all = [...known, ...added].sort(inOwnOrder);
  const once = all.filter((move, at) => {
    const before = all[at - 1];
    return before === undefined || inOwnOrder(before, move) !== 0;
  });
  return once.slice(-most);
}

/** Takes from the actor with the most until there are few enough. */
function bounded(moves: Map<string, readonly Move[]>, most: number): Map<string, readonly Move[]> {
  let count = [...moves.values()].reduce((sum, list) => sum + list.length, 0);
  while (count > most) {
    const [key, list] = [...moves].reduce((a, b) => (b[1].length > a[1].length ? b : a));
    const drop = Math.min(count - most, Math.max(1, Math.ceil(list.length / 10)));
    moves.set(key, list.slice(drop));
    count -= drop;
  }
  return moves;
}
