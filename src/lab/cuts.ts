import { z } from 'zod';
import { PosternError } from '../errors.js';
import { cutSets, cutTableName, pairSet } from './cut-table.js';
import type { LabHost } from './hosts.js';

/** Whom a machine is cut from: the hub's machine, every other one, or both. */
export type CutScope = 'hub' | 'peers' | 'all';
/** What is dropped: what the machine sends, what is sent to it, or both. */
export type CutDirection = 'out' | 'in' | 'both';

/** How a machine is cut off. */
export interface CutOptions {
  /** Default `all`; only `all` for the hub's machine itself. */
  readonly scope?: CutScope | undefined;
  /** Only from this machine, instead of a scope. */
  readonly from?: string | undefined;
  /** Default `both`. */
  readonly direction?: CutDirection | undefined;
  /** Until the kernel heals it, in milliseconds; without it the cut stays until it is healed. */
  readonly forMs?: number | undefined;
}

/** One direction of a cut that is in effect. */
export interface Cut {
  readonly host: string;
  /** `hub`, `peers`, or the name of the one machine that it is cut from. */
  readonly from: string;
  readonly direction: 'out' | 'in';
  /** Until it heals by itself, in whole seconds; undefined: not by itself. */
  readonly leftSeconds?: number;
  /** Packets that it has dropped. */
  readonly dropped: number;
}

/** A timed cut may last so long, in milliseconds. */
const shortestMs = 100;
const longestMs = 30 * 24 * 3_600_000;

/** An element of a set. */
interface Element {
  readonly set: string;
  readonly value: string;
}

/** The transaction that makes a cut, in place of an earlier one of the same kind. Throws `CUT_INVALID`. */
export function cutText(host: LabHost, options: CutOptions, find: (name: string) => LabHost): string {
  const { forMs } = options;
  if (forMs !== undefined && !(forMs >= shortestMs && forMs <= longestMs)) {
    throw invalid('a timed cut lasts from 100 milliseconds to 30 days');
  }
  const timeout = forMs === undefined ? '' : ` timeout ${Math.round(forMs)}ms`;
  // Older kernels leave the time-out of an element as it is when the element is added again.
  return elementsOf(host, options, find)
    .flatMap(({ set, value }) => [
      ...removal({ set, value }),
      `add element ${at(set)} { ${value}${timeout} }`,
    ])
    .join('\n');
}

/** The transaction that ends cuts of a machine: those of a scope or from one machine, else all of those that `cuts` lists. */
export function healText(
  host: LabHost,
  options: Omit<CutOptions, 'forMs'>,
  find: (name: string) => LabHost,
  cuts: readonly Cut[],
): string {
  const { scope, from, direction } = options;
  const listed = cuts
    .filter((cut) => cut.host === host.name && cut.from !== 'hub' && cut.from !== 'peers')
    .filter((cut) => direction === undefined || direction === 'both' || cut.direction === direction)
    .flatMap((cut) => elementsOf(host, { from: cut.from, direction: cut.direction }, find));
  const own = elementsOf(host, options, find);
  const everything = scope === undefined && from === undefined ? [...own, ...listed] : own;
  return everything.flatMap(removal).join('\n');
}

/** Removes an element whether it is there or not: deleting one that has just expired would fail the transaction. */
function removal({ set, value }: Element): string[] {
  return [`add element ${at(set)} { ${value} }`, `delete element ${at(set)} { ${value} }`];
}

const at = (set: string): string => `ip ${cutTableName} ${set}`;

function elementsOf(host: LabHost, options: CutOptions, find: (name: string) => LabHost): Element[] {
  const { scope = 'all', from, direction = 'both' } = options;
  const directions = (['out', 'in'] as const).filter((one) => direction === 'both' || direction === one);
  if (from !== undefined) {
    if (options.scope !== undefined) throw invalid('a cut has a scope, or one machine that it is from');
    const other = find(from);
    if (other.name === host.name) throw invalid(`'${host.name}' cannot be cut from itself`);
    return directions.map((one) => ({
      set: pairSet,
      value: one === 'out' ? `${host.address} . ${other.address}` : `${other.address} . ${host.address}`,
    }));
  }
  if (host.kind === 'hub' && scope !== 'all') {
    throw invalid(`the hub's machine can be cut from all, or from one machine, not from '${scope}'`);
  }
  // To the hub's machine everything else is a peer.
  const kinds = host.kind === 'hub' ? ['peers'] : scope === 'all' ? ['hub', 'peers'] : [scope];
  return kinds.flatMap((kind) => directions.map((one) => ({ set: `${kind}_${one}`, value: host.address })));
}

function invalid(why: string): PosternError {
  return new PosternError('CUT_INVALID', why, { exitCode: 2 });
}

const elementShape = z.object({
  val: z.union([z.string(), z.object({ concat: z.tuple([z.string(), z.string()]) })]),
  timeout: z.number().optional(),
  expires: z.number().optional(),
  counter: z.object({ packets: z.number() }).optional(),
});
const listShape = z.object({
  nftables: z.array(
    z.object({
      set: z
        .object({
          name: z.string(),
          elem: z.array(z.union([z.object({ elem: elementShape }), z.string()])).optional(),
        })
        .optional(),
    }),
  ),
});

/** Reads the cuts out of what `nft -j list table` prints (libnftables-json(5)). */
export function readCuts(json: string, hosts: readonly LabHost[]): Cut[] {
  const nameOf = (address: string): string => hosts.find((host) => host.address === address)?.name ?? address;
  const { nftables } = listShape.parse(JSON.parse(json));
  return nftables.flatMap(({ set }) =>
    (set?.elem ?? []).flatMap((item): Cut[] => {
      if (set === undefined || typeof item === 'string') return [];
      const { val, timeout, expires, counter } = item.elem;
      const about = {
        dropped: counter?.packets ?? 0,
        ...(timeout === undefined ? {} : { leftSeconds: expires ?? 0 }),
      };
      if (typeof val !== 'string') {
        const [from = '', to = ''] = val.concat.map(nameOf);
        return [
          { host: from, from: to, direction: 'out', ...about },
          { host: to, from, direction: 'in', ...about },
        ];
      }
      const kind = cutSets.find((name) => name === set.name);
      if (kind === undefined) return [];
      const [from = '', direction] = kind.split('_');
      return [{ host: nameOf(val), from, direction: direction === 'in' ? 'in' : 'out', ...about }];
    }),
  );
}
