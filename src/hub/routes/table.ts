import { isBelow } from './path.js';
import type { Route } from './row.js';
import type { LocalService, RowCalls } from './service.js';

/** A row in effect. */
export interface Row {
  /** Its place in the configuration, from 0. */
  readonly index: number;
  readonly name: string;
  readonly route: Route;
  /** Where `route.to` leads; undefined: to a node. */
  readonly service: LocalService | undefined;
  readonly calls: RowCalls;
}

/** What decides about a request. */
export interface Asked {
  /** The configured address of the listener that it came in at. */
  readonly listener: string;
  /** As `canonicalHost` gives it. */
  readonly host: string;
  /** As `readPath` gives it. */
  readonly path: string;
}

/** Rows with the same conditions: at most one for calls and one for other requests. */
export interface Slot {
  readonly listener: string | undefined;
  readonly host: string | undefined;
  readonly pathPrefix: string | undefined;
  /** Leads to a node, or to a gRPC service. */
  calls?: Row;
  /** Leads to a service that speaks HTTP. */
  http?: Row;
  /** Not a row: every name below the hub's domain is that of a node. */
  readonly domain?: true;
}

/** Why rows cannot stand in one table: the index of the later one, and the name of the earlier. */
export interface Clash {
  readonly index: number;
  readonly with: string;
}

/**
 * The rows, the most specific first, whatever order they were written in: one that names the listener before one that
 * does not, then a host name before a longer `*.` before a shorter one before none, then the longer path prefix. The
 * listener comes first because it is the one thing that a client cannot choose freely.
 */
export class RouteTable {
  readonly rows: readonly Row[];
  readonly clashes: readonly Clash[];
  readonly #slots: readonly Slot[];

  constructor(rows: readonly Row[], domain: string | undefined) {
    this.rows = rows;
    const slots = new Map<string, Slot>();
    const clashes: Clash[] = [];
    for (const row of rows) {
      const { listener, host, pathPrefix } = row.route;
      const key = JSON.stringify([listener, host, pathPrefix]);
      const slot = slots.get(key) ?? { listener, host, pathPrefix };
      slots.set(key, slot);
      const kind = row.service?.protocol === 'http' ? 'http' : 'calls';
      const earlier = slot[kind];
      if (earlier === undefined) slot[kind] = row;
      else clashes.push({ index: row.index, with: earlier.name });
    }
    this.clashes = clashes;
    const all = [...slots.values()];
    // After the rows, so that one for the very same names goes before it.
    if (domain !== undefined) {
      all.push({ listener: undefined, host: `*.${domain}`, pathPrefix: undefined, domain: true });
    }
    this.#slots = all.sort(bySpecificity);
  }

  /** The rows as they are tried. */
  get inOrder(): Row[] {
    return this.#slots.flatMap(({ calls, http }) => [calls ?? [], http ?? []].flat());
  }

  /** True when nothing but the hub itself takes requests. */
  get empty(): boolean {
    return this.#slots.length === 0;
  }

  /** True when there are rows, so that paths have to be read with care. */
  get readsPaths(): boolean {
    return this.rows.length > 0;
  }

  /** The most specific slot that fits; undefined: the hub itself. */
  find({ listener, host, path }: Asked): Slot | undefined {
    return this.#slots.find(
      (slot) =>
        (slot.listener === undefined || listenerFits(slot.listener, listener)) &&
        (slot.host === undefined || hostFits(slot.host, host)) &&
        (slot.pathPrefix === undefined || isBelow(path, slot.pathPrefix)),
    );
  }
}

/** Whether a row's listener is this one, which stands as it is configured. */
export function listenerFits(pattern: string, listener: string): boolean {
  return pattern === listener || (/^:\d+$/.test(pattern) && listener.endsWith(pattern));
}

function hostFits(pattern: string, host: string): boolean {
  return pattern.startsWith('*.')
    ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
    : host === pattern;
}

function bySpecificity(a: Slot, b: Slot): number {
  return (
    rankOfListener(b.listener) - rankOfListener(a.listener) ||
    rankOfHost(b.host) - rankOfHost(a.host) ||
    (b.pathPrefix?.length ?? 0) - (a.pathPrefix?.length ?? 0)
  );
}

/** `:PORT` may stand for several listeners. */
function rankOfListener(listener: string | undefined): number {
  if (listener === undefined) return 0;
  return listener.startsWith(':') ? 1 : 2;
}

/** A host name is at most 253 characters long. */
function rankOfHost(host: string | undefined): number {
  if (host === undefined) return 0;
  return host.startsWith('*.') ? host.length : 1_000;
}
