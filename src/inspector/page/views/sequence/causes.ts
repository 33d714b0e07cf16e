import { actorKey, type Move } from '../machine/model.js';

/** A cause lies at most so long before what it led to, milliseconds. */
const longestMs = 30_000;
/** Clocks of two machines may differ by so much, milliseconds: a cause may seem to come after what it led to. */
const skewMs = 1_000;
/** More of a story is not followed. */
const mostFollowed = 500;

/** By whose doing transitions came: for each that names an actor, that actor's transition that most likely led to it. */
export class Causes {
  readonly #cause = new Map<Move, Move>();
  readonly #effects = new Map<Move, Move[]>();

  /** @param moves in the order of time. */
  constructor(moves: readonly Move[]) {
    const byActor = new Map<string, Move[]>();
    for (const move of moves) {
      const list = byActor.get(actorKey(move));
      if (list === undefined) byActor.set(actorKey(move), [move]);
      else list.push(move);
    }
    for (const move of moves) {
      if (move.by === '' || move.by === actorKey(move)) continue;
      const cause = likeliest(byActor.get(move.by) ?? [], move);
      if (cause === undefined) continue;
      this.#cause.set(move, cause);
      const effects = this.#effects.get(cause);
      if (effects === undefined) this.#effects.set(cause, [move]);
      else effects.push(move);
    }
  }

  /** The transition that led to this one; undefined: none is known. */
  of(move: Move): Move | undefined {
    return this.#cause.get(move);
  }

  /** The transitions that this one led to. */
  effectsOf(move: Move): readonly Move[] {
    return this.#effects.get(move) ?? [];
  }

  /** A transition with all that led to it and all that it led to, as far as is known. */
  story(of: Move): ReadonlySet<Move> {
    const story = new Set<Move>([of]);
    for (
      let at = this.of(of);
      at !== undefined && !story.has(at) && story.size < mostFollowed;
      at = this.of(at)
    ) {
      story.add(at);
    }
    const waiting: Move[] = [of];
    for (
      let next = waiting.shift();
      next !== undefined && story.size < mostFollowed;
      next = waiting.shift()
    ) {
      for (const effect of this.effectsOf(next)) {
        if (story.has(effect)) continue;
        story.add(effect);
        waiting.push(effect);
      }
    }
    return story;
  }
}

/** The last of an actor's transitions before another's; where there is none, the first shortly behind it. */
function likeliest(candidates: readonly Move[], effect: Move): Move | undefined {
  let low = 0;
  let high = candidates.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((candidates[middle]?.atMs ?? 0) <= effect.atMs) low = middle + 1;
    else high = middle;
  }
  const before = candidates[low - 1];
  if (before !== undefined && effect.atMs - before.atMs <= longestMs) return before;
  const behind = candidates[low];
  return behind !== undefined && behind.atMs - effect.atMs <= skewMs ? behind : undefined;
}
