import type { Clocks } from './clocks.js';
import type { Interval } from './judgement.js';

/** So many comings and goings are kept. */
const mostChanges = 100_000;

interface Change {
  readonly node: string;
  readonly what: Interval['what'];
  readonly up: boolean;
  readonly at: number;
}

/** When nodes could not be seen, and when their daemons were away, as all their journals tell it together. */
export class Sights {
  readonly #changes: Change[] = [];

  /** A link came or went, by the node's own clock. */
  changed(node: string, what: Interval['what'], up: boolean, at: number): void {
    if (this.#changes.length < mostChanges) this.#changes.push({ node, what, up, at });
  }

  /** By node, what, and time. Several journals tell of the same change: only the first one counts. */
  intervals(clocks: Clocks): Interval[] {
    const lines = new Map<string, Change[]>();
    for (const change of this.#changes) {
      const key = `${change.node} ${change.what}`;
      const line = lines.get(key);
      if (line === undefined) lines.set(key, [change]);
      else line.push(change);
    }
    const sorted = [...lines].sort(([one], [other]) => (one < other ? -1 : 1));
    return sorted.flatMap(([, line]) => intervalsOf(line, clocks));
  }
}

function intervalsOf(line: readonly Change[], clocks: Clocks): Interval[] {
  const found: Interval[] = [];
  let open: { node: string; what: Interval['what']; fromMs: number } | undefined;
  for (const { node, what, up, at } of [...line].sort((one, other) => one.at - other.at)) {
    const atMs = at + clocks.offset(node);
    if (!up) open ??= { node, what, fromMs: atMs };
    else if (open !== undefined) {
      found.push({ ...open, toMs: atMs });
      open = undefined;
    }
  }
  if (open !== undefined) found.push(open);
  return found;
}
