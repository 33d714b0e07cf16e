import { actorKey, actorOfKey } from './model.js';

/** More charts are not shown at once. */
export const mostShown = 6;

/** Keys of the actors that a place shows: that of its path, and those beside it in `with`. */
export function shownAt(parts: readonly string[], query: URLSearchParams): readonly string[] {
  const [, machine = '', ...id] = parts;
  if (machine === '' || id.length === 0) return [];
  const beside = (query.get('with') ?? '').split(',').filter((key) => actorOfKey(key) !== undefined);
  return [...new Set([actorKey({ machine, id: id.join('/') }), ...beside])].slice(0, mostShown);
}

/** The parts of the place that shows some actors, and the query that it has then, the rest of which stays. */
export function placeShowing(
  keys: readonly string[],
  query: URLSearchParams,
): { parts: readonly string[]; query: URLSearchParams } {
  const next = new URLSearchParams(query);
  const [first, ...beside] = keys;
  if (beside.length === 0) next.delete('with');
  else next.set('with', beside.join(','));
  const actor = first === undefined ? undefined : actorOfKey(first);
  if (actor === undefined) {
    next.delete('at');
    return { parts: ['machine'], query: next };
  }
  return { parts: ['machine', actor.machine, actor.id], query: next };
}
