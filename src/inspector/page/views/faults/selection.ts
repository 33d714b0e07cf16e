import type { FaultRow } from './fault-row.js';
import { isOpen } from './faults-model.js';

/** What of the faults is shown, by the words of the query. */
export interface Selection {
  /** Words that must all be found. */
  readonly words: readonly string[];
  readonly states: ReadonlySet<string>;
  /** Those that have ended too. */
  readonly all: boolean;
  readonly sort: string;
}

/** Reads it out of a query. */
export function selectionIn(query: URLSearchParams): Selection {
  const listed = (text: string | null, between: RegExp): string[] =>
    (text ?? '').split(between).filter((word) => word !== '');
  return {
    words: listed(query.get('q')?.toLowerCase() ?? '', /\s+/),
    states: new Set(listed(query.get('state'), /,/)),
    all: query.get('all') === '1',
    sort: query.get('sort') ?? 'left',
  };
}

/** The faults to show, sorted, and how many there are in each state. */
export function selected(
  rows: readonly FaultRow[],
  { words, states, all, sort }: Selection,
): { readonly shown: readonly FaultRow[]; readonly counts: ReadonlyMap<string, number> } {
  const found = rows.filter((row) => (all || isOpen(row)) && words.every((word) => row.text.includes(word)));
  const counts = new Map<string, number>();
  for (const { state } of found) counts.set(state, (counts.get(state) ?? 0) + 1);
  const key = sort.replace(/^-/, '');
  const order = sort.startsWith('-') ? -1 : 1;
  const shown = found
    .filter(({ state }) => states.size === 0 || states.has(state))
    .sort((a, b) => order * compared(a, b, key) || (a.key < b.key ? -1 : 1));
  return { shown, counts };
}

function compared(a: FaultRow, b: FaultRow, key: string): number {
  switch (key) {
    case 'left':
      return Number(isOpen(b)) - Number(isOpen(a)) || a.endAtMs - b.endAtMs;
    case 'since':
      return b.sinceMs - a.sinceMs;
    case 'node':
    case 'kind':
    case 'shape':
    case 'state':
    case 'by':
    case 'proof':
    case 'fault':
      return a[key].localeCompare(b[key]);
    default:
      return 0;
  }
}
