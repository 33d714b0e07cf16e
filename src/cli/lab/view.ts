import type { Cut } from '../../lab/cuts.js';
import type { LabHost } from '../../lab/hosts.js';
import type { RecordView } from '../records.js';

/** A machine of a lab, with its cuts. */
export interface ShownHost {
  readonly lab: string;
  readonly host: LabHost;
  readonly cuts: readonly Cut[];
}

/** How machines of labs are listed. */
export const hostView: RecordView<ShownHost> = {
  root: 'machines',
  element: 'machine',
  columns: [
    { title: 'LAB', text: ({ lab }) => lab },
    { title: 'NODE', text: ({ host }) => host.name },
    { title: 'KIND', text: ({ host }) => host.kind },
    { title: 'ADDRESS', text: ({ host }) => host.address },
    { title: 'INSIDE', text: ({ host }) => host.inside },
    {
      title: 'FORWARDS',
      text: ({ host }) =>
        host.forwards.map(({ port, to, protocol }) => `${port}->${to}/${protocol}`).join(' ') || '-',
    },
    { title: 'CUT FROM', text: ({ cuts }) => cutsText(cuts) || '-' },
  ],
  name: ({ host }) => host.name,
  json: ({ lab, host, cuts }) => ({
    lab,
    name: host.name,
    kind: host.kind,
    address: host.address,
    inside: host.inside,
    names: [...host.names],
    forwards: host.forwards.map((forward) => ({ ...forward })),
    cuts: cuts.map(({ from, direction, leftSeconds, dropped }) => ({
      from,
      direction,
      ...(leftSeconds === undefined ? {} : { leftSeconds }),
      dropped,
    })),
  }),
};

/**
 * `hub 12s, attic (in)`: the directions of a cut are told as one where they end together, and so are the hub's machine
 * and all others.
 */
export function cutsText(cuts: readonly Cut[]): string {
  const told = new Map<string, Set<string>>();
  for (const { from, direction, leftSeconds } of cuts) {
    const key = `${from}\n${leftSeconds === undefined ? '' : ` ${leftSeconds}s`}`;
    told.set(key, (told.get(key) ?? new Set()).add(direction));
  }
  const parts = [...told].map(([key, directions]) => {
    const [from = '', left = ''] = key.split('\n');
    return { from, rest: `${directions.size === 2 ? '' : ` (${[...directions].join()})`}${left}` };
  });
  const both = parts.filter(({ from, rest }) => from === 'hub' && has(parts, 'peers', rest));
  return parts
    .filter(({ from, rest }) => from !== 'peers' || !has(both, 'hub', rest))
    .map((part) => `${both.includes(part) ? 'all' : part.from}${part.rest}`)
    .join(', ');
}

type Part = { readonly from: string; readonly rest: string };

function has(parts: readonly Part[], from: string, rest: string): boolean {
  return parts.some((part) => part.from === from && part.rest === rest);
}
