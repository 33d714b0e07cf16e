import { actorKey } from './model.js';

/** What a list of actors is grouped by. */
export type Grouping = 'machine' | 'node';

interface Listed {
  readonly machine: string;
  readonly id: string;
  readonly node: string;
  readonly run: string;
  readonly state: string;
  readonly gone: boolean;
}

/** More are not drawn at once. */
const mostDrawn = 300;

/** The actors that hold all words of a search, by group; those that have gone come last in theirs. */
export function grouped<A extends Listed>(
  actors: readonly A[],
  search: string,
  by: Grouping,
): {
  readonly groups: readonly { readonly name: string; readonly members: readonly A[] }[];
  readonly found: number;
  readonly more: number;
} {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = actors.filter((actor) => {
    const text = `${actorKey(actor)} ${actor.node} ${actor.run} ${actor.state}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const groups = new Map<string, A[]>();
  for (const actor of found.toSorted((a, b) => Number(a.gone) - Number(b.gone)).slice(0, mostDrawn)) {
    const members = groups.get(actor[by]);
    if (members === undefined) groups.set(actor[by], [actor]);
    else members.push(actor);
  }
  return {
    groups: [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, members]) => ({ name, members })),
    found: found.length,
    more: Math.max(0, found.length - mostDrawn),
  };
}
