import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { Http2Upstream } from '../../wire/http2-upstream.js';
import { readPemFile } from '../../wire/pem-file.js';
import { type Route, rowName } from './row.js';
import { type LocalService, RowCalls } from './service.js';
import type { Row } from './table.js';
import { parseUpstreamUrl } from './upstream-url.js';

/** Bound for a connection to a service to be ready, milliseconds: it is near by. */
const connectTimeoutMs = 5_000;
/** A call that was routed before a row went is let into the row's service for so long, milliseconds. */
const lingerMs = 30_000;
/** Calls that are open then go on for as long as they want: the longest that a timer can be, 24 days. */
const finishMs = 2_147_483_647;

interface Kept {
  /** All that the row says, and the authorities that it trusts: a row that is the same goes on as it is. */
  readonly key: string;
  readonly row: Row;
  readonly target: Http2Upstream | undefined;
}

/** Rows that were read and are not in effect yet. */
export interface PreparedRows {
  readonly rows: readonly Row[];
  /** Puts them into effect: those that are no longer there take no more calls. */
  commit(): void;
}

/** The rows of the table with the connections to their services, over changes of the configuration. */
export class RowKeeper {
  readonly #log: Logger;
  #kept: readonly Kept[] = [];
  /** Connections of rows that went, until their last call is over. */
  readonly #leaving = new Map<Http2Upstream, NodeJS.Timeout>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Makes rows of what is configured; nothing is changed or connected before `commit`. Throws `PosternError`
   * `ROUTE_INVALID` (exit status 2) that names the row.
   */
  async prepare(routes: readonly Route[]): Promise<PreparedRows> {
    const free = new Map(this.#kept.map((kept) => [kept.key, kept]));
    const next: Kept[] = [];
    for (const [index, route] of routes.entries()) {
      const name = rowName(route);
      const ca = await authorities(route, name);
      const key = JSON.stringify([route, name, ca]);
      const kept = free.get(key);
      free.delete(key);
      next.push(
        kept === undefined
          ? this.#make({ route, index, name, ca, key })
          : { ...kept, row: { ...kept.row, index } },
      );
    }
    return {
      rows: next.map(({ row }) => row),
      commit: () => {
        const staying = new Set(next.map(({ target }) => target));
        for (const { target } of this.#kept) {
          if (target !== undefined && !staying.has(target)) this.#leave(target);
        }
        this.#kept = next;
      },
    };
  }

  /** Ends all calls and closes all connections. */
  stop(): void {
    for (const { target } of this.#kept) target?.close();
    for (const [target, timer] of this.#leaving) {
      clearTimeout(timer);
      target.close();
    }
    this.#leaving.clear();
    this.#kept = [];
  }

  #leave(target: Http2Upstream): void {
    const timer = setTimeout(() => {
      target.drain(finishMs).then(
        () => this.#leaving.delete(target),
        () => {},
      );
    }, lingerMs);
    timer.unref();
    this.#leaving.set(target, timer);
  }

  #make(from: { route: Route; index: number; name: string; ca: string | undefined; key: string }): Kept {
    const { route, index, name, ca, key } = from;
    const calls = new RowCalls();
    if (route.to === undefined) {
      return { key, target: undefined, row: { index, name, route, service: undefined, calls } };
    }
    const { protocol, tls, address, authority } = parseUpstreamUrl(route.to);
    const dialTls = tls ? (ca === undefined ? {} : { ca }) : undefined;
    const target =
      protocol === 'http'
        ? undefined
        : new Http2Upstream({
            address,
            ...(dialTls === undefined ? {} : { tls: dialTls, authority }),
            connectTimeoutMs,
            name: `${route.to} (route ${name})`,
            offlineCode: 'SERVICE_OFFLINE',
            log: this.#log,
          });
    const service: LocalService = {
      name,
      url: route.to,
      protocol,
      address,
      tls: dialTls,
      authority,
      access: route.access ?? 'token',
      roles: route.roles,
      methods: route.methods,
      timeoutMs: route.timeoutSeconds === undefined ? undefined : route.timeoutSeconds * 1000,
      cors: route.cors,
      audience: route.assertion === true ? (route.name ?? route.to) : undefined,
      calls,
      target,
    };
    return { key, target, row: { index, name, route, service, calls } };
  }
}

async function authorities(route: Route, name: string): Promise<string | undefined> {
  if (route.ca === undefined) return undefined;
  try {
    return await readPemFile(route.ca, 'CA');
  } catch (thrown) {
    if (!(thrown instanceof PosternError)) throw thrown;
    throw new PosternError('ROUTE_INVALID', `route ${name}: ${errorText(thrown)}`, {
      exitCode: 2,
      cause: thrown,
    });
  }
}
