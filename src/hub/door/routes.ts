import type { RawMetadata } from '../../rpc/call.js';
import type { Route } from '../config.js';

/** Where a call is to go. */
export interface Destination {
  /** The node's name as it was given, not yet validated; undefined: the hub itself. */
  readonly node: string | undefined;
  /** The metadata without the key that named the node; the same object when nothing was taken. */
  readonly metadata: RawMetadata;
}

/** What a route may look at. */
export interface Routed {
  readonly path: string;
  readonly authority: string;
  readonly metadata: RawMetadata;
  /** The configured address of the listener that the call came in at. */
  readonly listener: string;
}

const keys = ['x-postern-node', 'name'] as const;

/** Host name of an authority, lower-case, without user, port and brackets. */
function hostOf(authority: string): string {
  const host = authority.slice(authority.lastIndexOf('@') + 1).toLowerCase();
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']'));
  const colon = host.lastIndexOf(':');
  return colon === -1 ? host : host.slice(0, colon);
}

function hostFits(pattern: string, host: string): boolean {
  return pattern.startsWith('*.')
    ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
    : host === pattern;
}

function listenerFits(pattern: string, listener: string): boolean {
  return pattern === listener || (/^:\d+$/.test(pattern) && listener.endsWith(pattern));
}

function without(metadata: RawMetadata, name: string): RawMetadata {
  const rest: string[] = [];
  for (let i = 0; i < metadata.length; i += 2) {
    const held = metadata[i] ?? '';
    if (held !== name) rest.push(held, metadata[i + 1] ?? '');
  }
  return rest;
}

/** The value of the first header of this name. */
function first(metadata: RawMetadata, name: string): string | undefined {
  for (let i = 0; i < metadata.length; i += 2) {
    if (metadata[i] === name) return metadata[i + 1];
  }
  return undefined;
}

/** Decides where calls go. */
export class Router {
  readonly #routes: readonly Route[];
  readonly #suffix: string | undefined;

  constructor(options: { routes: readonly Route[]; domain: string | undefined }) {
    this.#routes = options.routes;
    this.#suffix = options.domain === undefined ? undefined : `.${options.domain}`;
  }

  /**
   * By metadata `x-postern-node`, else `name`, else the host `NODE.<domain>`, else the first fitting row of the
   * table, else the hub itself.
   */
  route(call: Routed): Destination {
    for (const key of keys) {
      const node = first(call.metadata, key);
      if (node !== undefined) return { node, metadata: without(call.metadata, key) };
    }
    const { metadata } = call;
    if (this.#suffix === undefined && this.#routes.length === 0) return { node: undefined, metadata };
    const host = hostOf(call.authority);
    if (this.#suffix !== undefined && host.endsWith(this.#suffix)) {
      return { node: host.slice(0, -this.#suffix.length), metadata };
    }
    const row = this.#routes.find(
      (one) =>
        (one.listener === undefined || listenerFits(one.listener, call.listener)) &&
        (one.host === undefined || hostFits(one.host, host)) &&
        (one.pathPrefix === undefined || call.path.startsWith(one.pathPrefix)),
    );
    return { node: row?.node, metadata };
  }
}
