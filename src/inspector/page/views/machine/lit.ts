import type { Move } from './model.js';

/** So long after it was taken an edge is lit, milliseconds; the style sheet fades it as long. */
export const litMs = 4_000;

/** How an edge is lit: it was taken just now, or it is the last that was. */
export type Light = 'just' | 'last';

/**
 * Which edges are lit, live: those of each transition that came within the last seconds, and those of the last one for as long
 * as none comes after it. `came` tells when transitions came, which is not when they happened, by whatever clock `now` is of.
 */
export function litLive(
  moves: readonly Move[],
  came: (move: Move) => number | undefined,
  now: number,
): ReadonlyMap<string, Light> {
  const lit = new Map<string, Light>();
  for (const edge of moves.at(-1)?.edges ?? []) lit.set(edge, 'last');
  for (let at = moves.length - 1; at >= 0; at -= 1) {
    const move = moves[at];
    const when = move === undefined ? undefined : came(move);
    if (move === undefined || when === undefined || now - when >= litMs) break;
    for (const edge of move.edges) lit.set(edge, 'just');
  }
  return lit;
}

/** Which edges are lit at a moment that was gone back to: those that led there. */
export function litAt(move: Move | undefined): ReadonlyMap<string, Light> {
  return new Map((move?.edges ?? []).map((edge) => [edge, 'just']));
}
