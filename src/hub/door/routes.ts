import type { RawMetadata } from '../../rpc/call.js';
import { canonicalHost } from '../../wire/host-name.js';
import { type ReadPath, readPath, stripped } from '../routes/path.js';
import type { LocalService } from '../routes/service.js';
import type { RouteTable, Row, Slot } from '../routes/table.js';
import type { Destination, HttpDestination } from './destination.js';
import { namedNode } from './named-node.js';
import { type DoorRefusal, refusalStatus } from './refusal.js';

/** What a route may look at. */
export interface Routed {
  readonly path: string;
  readonly authority: string;
  readonly metadata: RawMetadata;
  /** The configured address of the listener that the call came in at. */
  readonly listener: string;
}

/** What a route of a request that is no gRPC call may look at. */
export interface HttpRouted {
  /** The configured address of the listener that the request came in at. */
  readonly listener: string;
  /** `host`, or `:authority`, as it came; '' where there is none. */
  readonly host: string;
  /** With the query. */
  readonly path: string;
}

/** What the hub itself serves over HTTP; only a row that names the host takes one of these. */
const ownPaths: readonly RegExp[] = [
  /^\/(?:health|healthz|readyz|ws|nats)$/,
  /^\/v1\/enrol(?:\/|$)/,
  /^\/\.well-known\/jwks\.json$/,
];

/** Decides where calls and other requests go. */
export class Router {
  #table: RouteTable;

  constructor(table: RouteTable) {
    this.#table = table;
  }

  /** The rows in effect. */
  get table(): RouteTable {
    return this.#table;
  }

  /** Another table decides from now on. */
  use(table: RouteTable): void {
    this.#table = table;
  }

  /**
   * By metadata `x-postern-node`, else `name`, else the most specific row of the table that fits, of which the names
   * below the hub's domain are one, else to the hub itself.
   */
  route(call: Routed): Destination {
    return namedNode(call.metadata) ?? this.routeUnnamed(call);
  }

  /** The same for a call whose metadata name no node. */
  routeUnnamed(call: Routed): Destination {
    const { metadata } = call;
    if (this.#table.empty) return { kind: 'hub', metadata };
    const read = this.#table.readsPaths ? readPath(call.path) : unread(call.path);
    if (!read.ok) return { kind: 'malformed', refusal: pathInvalid(read.why), metadata };
    const host = canonicalHost(call.authority);
    const slot = this.#table.find({ listener: call.listener, host, path: read.path });
    if (slot === undefined) return { kind: 'hub', metadata };
    if (slot.domain === true) return { kind: 'node', node: nodeOf(slot, host), metadata };
    const row = slot.calls;
    if (row?.route.node !== undefined)
      return { kind: 'node', node: row.route.node, metadata, row, calls: row.calls };
    const service = row?.service;
    if (row === undefined || service === undefined || !takesCalls(service)) {
      const message = 'what is behind this host and path takes no gRPC calls';
      const refusal = { status: refusalStatus.unimplemented, code: 'NOT_SERVED', message };
      return { kind: 'none', refusal, metadata, row: row ?? slot.http };
    }
    return { kind: 'service', service, path: pathFor(row, read.path) + read.query, metadata, row };
  }

  /** Where a request goes that is no gRPC call: by the table, else to the hub itself. */
  routeHttp({ listener, host, path }: HttpRouted): HttpDestination {
    if (!this.#table.readsPaths) return { kind: 'hub' };
    const read = readPath(path);
    if (!read.ok) return { kind: 'malformed', why: pathInvalid(read.why).message };
    const slot = this.#table.find({ listener, host: canonicalHost(host), path: read.path });
    const row = slot?.http;
    if (row?.service === undefined) return { kind: 'hub' };
    if (slot?.host === undefined && ownPaths.some((own) => own.test(read.path))) return { kind: 'hub' };
    return { kind: 'service', service: row.service, path: pathFor(row, read.path) + read.query, row };
  }

  /** True where rows lead requests to a service, and none leads calls anywhere: calls of its own protocols are its own. */
  takesNoCalls({ listener, host, path }: HttpRouted): boolean {
    const read = this.#table.readsPaths ? readPath(path) : undefined;
    if (read?.ok !== true) return false;
    const slot = this.#table.find({ listener, host: canonicalHost(host), path: read.path });
    return slot?.http !== undefined && slot.calls === undefined;
  }

  /**
   * Origins whose pages may read answers there, where a row says so. gRPC-web asks, whose calls and preflights come as
   * HTTP and go where calls go.
   */
  corsFor({ listener, host, path }: HttpRouted): readonly string[] | undefined {
    if (!this.#table.readsPaths) return undefined;
    const read = readPath(path);
    if (!read.ok) return undefined;
    const slot = this.#table.find({ listener, host: canonicalHost(host), path: read.path });
    return (slot?.calls ?? slot?.http)?.route.cors;
  }
}

function pathInvalid(why: string): DoorRefusal {
  const message = `the path cannot be routed: ${why}`;
  return { status: refusalStatus.invalidArgument, code: 'PATH_INVALID', message };
}

/** As `readPath` gives it, of a path that no row looks at. */
function unread(path: string): ReadPath {
  return { ok: true, path, query: '' };
}

function takesCalls(
  service: LocalService,
): service is LocalService & { target: NonNullable<LocalService['target']> } {
  return service.target !== undefined;
}

function nodeOf(slot: Slot, host: string): string {
  return host.slice(0, -((slot.host?.length ?? 1) - 1));
}

function pathFor({ route }: Row, path: string): string {
  return route.stripPrefix === true && route.pathPrefix !== undefined
    ? stripped(path, route.pathPrefix)
    : path;
}
