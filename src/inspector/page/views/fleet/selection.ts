import type { FleetRow } from './row.js';
import { shortNames } from './services.js';

/** Which lines are shown, and in which order; what is empty does not limit. */
export interface Selection {
  /** Words that all have to occur somewhere. */
  readonly search: string;
  readonly states: ReadonlySet<string>;
  /** `key=value`. */
  readonly label: string;
  readonly transport: string;
  readonly hub: string;
  /** Id of a column, with `-` in front the other way round. */
  readonly sort: string;
}

/** How many lines there are by what can be chosen. */
export interface Counts {
  /** By state, of the lines that the rest of the selection shows; in the order of their first tags and names. */
  readonly states: ReadonlyMap<string, { readonly count: number; readonly tags: readonly string[] }>;
  readonly labels: ReadonlyMap<string, number>;
  readonly transports: ReadonlyMap<string, number>;
  readonly hubs: ReadonlyMap<string, number>;
}

/** The selection that a query keeps. */
export function selectionIn(query: URLSearchParams): Selection {
  const of = (name: string) => query.get(name) ?? '';
  const states = new Set(
    of('state')
      .split(',')
      .filter((state) => state !== ''),
  );
  return {
    ...{ search: of('q'), label: of('label'), transport: of('transport'), hub: of('hub'), states },
    sort: of('sort') === '' ? 'name' : of('sort'),
  };
}

/** The lines that a selection shows, sorted, and what else could be chosen. */
export function selected(
  rows: readonly FleetRow[],
  selection: Selection,
): { readonly shown: readonly FleetRow[]; readonly counts: Counts } {
  const words = selection.search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const states = new Map<string, { count: number; tags: readonly string[] }>();
  const labels = new Map<string, number>();
  const transports = new Map<string, number>();
  const hubs = new Map<string, number>();
  const shown: FleetRow[] = [];
  for (const row of rows) {
    for (const label of row.labels) tally(labels, label);
    for (const one of row.transports) tally(transports, one);
    for (const one of row.hubs) tally(hubs, one);
    const fits =
      words.every((word) => row.text.includes(word)) &&
      (selection.label === '' || row.labels.includes(selection.label)) &&
      (selection.transport === '' || row.transports.includes(selection.transport)) &&
      (selection.hub === '' || row.hubs.includes(selection.hub));
    if (!fits) continue;
    const { state, tags } = row.node;
    states.set(state, { count: (states.get(state)?.count ?? 0) + 1, tags });
    if (selection.states.size === 0 || selection.states.has(state)) shown.push(row);
  }
  shown.sort(comparing(selection.sort));
  return { shown, counts: { states: sortedByKey(states), labels, transports, hubs } };
}

/** What lines are compared by, by the id of the column; bigger numbers and later times come first where that is wanted more. */
const sortedBy: Readonly<Record<string, (row: FleetRow) => string | number>> = {
  name: ({ name }) => name,
  state: ({ node }) => node.state,
  since: ({ sinceMs }) => -sinceMs,
  transport: ({ transports }) => transports.join(),
  hub: ({ hubs }) => hubs.join(),
  labels: ({ labels }) => labels.join(),
  services: ({ services }) => shortNames(services),
  instances: ({ node }) => -node.instances.length,
  roundTrip: ({ roundTripMs }) => -(roundTripMs ?? -1),
  calls: ({ node }) => -node.calls,
  error: ({ trouble }) => -(trouble?.atMs ?? 0),
  change: ({ change }) => -(change?.atMs ?? 0),
};

function comparing(sort: string): (a: FleetRow, b: FleetRow) => number {
  const other = sort.startsWith('-');
  const by = sortedBy[other ? sort.slice(1) : sort] ?? (({ name }: FleetRow) => name);
  return (a, b) => {
    const [first, second] = [by(a), by(b)];
    if (first !== second) return first < second !== other ? -1 : 1;
    return a.name < b.name ? -1 : 1;
  };
}

function tally(counts: Map<string, number>, value: string): void {
  counts.set(value, (counts.get(value) ?? 0) + 1);
}

function sortedByKey<T>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  return new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
