import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from '../log.js';
import type { RawMetadata } from '../rpc/call.js';
import { type Address, formatAddress } from './address.js';
import type { DialTls } from './dial.js';
import type { HttpClient } from './http-proxy-client.js';
import { HttpExchange } from './http-proxy-exchange.js';
import { forwardedFields, withoutProxyFields } from './http-proxy-fields.js';
import type { HttpHead } from './http-proxy-head.js';
import { type OpenUpgrade, playUpgrade, type UpgradeHooks } from './http-proxy-upgrade.js';

/** How long the parts of an exchange may take, milliseconds. */
export interface OriginTimeouts {
  /** For a connection to be there, the wait for a free one included. Default 5,000. */
  readonly connectMs?: number;
  /** From the end of the request to the head of the response. Default 60,000. */
  readonly headMs?: number;
  /** Without a byte of a body in either direction. Default 120,000. */
  readonly idleMs?: number;
  /** For all of it, but for WebSockets. Default: no bound. */
  readonly wholeMs?: number;
}

export interface OriginOptions {
  /** What messages call the service. */
  readonly name: string;
  readonly address: Address;
  /** TLS towards the address; absent: none. */
  readonly tls?: DialTls | undefined;
  /** What `Host` says; absent: what the client called. */
  readonly host?: string;
  readonly timeouts?: OriginTimeouts;
  readonly log: Logger;
}

/** How an exchange ended. */
export interface ExchangeEnd {
  /** HTTP status that the client was sent; 0 for none. */
  readonly status: number;
  /** Code of the error that Postern made of it; '' where the service has answered. */
  readonly code: string;
  /** True when the client has got all of it. */
  readonly complete: boolean;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** What the owner of an exchange may do and hear. */
export interface ExchangeHooks {
  /** Called once. */
  ended?(end: ExchangeEnd): void;
}

/** Connections to one origin; what comes when all are in use waits for `connectMs`. */
const mostConnections = 1_024;
/** Unused connections that are kept, and for how long, milliseconds: less than most servers keep theirs. */
const mostUnused = 64;
const unusedMs = 4_000;
/** The longest that a timer can be, in milliseconds: 24 days. */
const longestMs = 2_147_483_647;
/** Bytes of a response's head. */
const maxHeadBytes = 65_536;

/** A server that speaks HTTP/1.1 at an address, as requests are played into it. Its connections are kept and used again. */
export class HttpOrigin {
  readonly name: string;
  readonly #options: OriginOptions;
  readonly #agent: HttpAgent;
  readonly #exchanges = new Set<HttpExchange>();

  constructor(options: OriginOptions) {
    this.name = options.name;
    this.#options = options;
    this.#agent = agentFor(options, {
      keepAlive: true,
      maxSockets: mostConnections,
      maxFreeSockets: mostUnused,
      timeout: unusedMs,
    });
  }

  /** Exchanges that are open. */
  get inFlight(): number {
    return this.#exchanges.size;
  }

  /**
   * Plays a request into the origin, and its response back. Never throws; what goes wrong is answered, as far as the
   * client has not heard anything yet: 502 and 504 as JSON `{code, message}`.
   * @param head its fields are passed on, without those that only a proxy may say.
   * @param from address of the client, for the service; fields that Postern itself says; a bound for all of it.
   * @returns ends the exchange at once.
   */
  play(
    head: HttpHead,
    from: {
      readonly client: string;
      readonly added: RawMetadata;
      readonly wholeMs?: number | undefined;
      /** Changes the fields of an answer before the client sees them. */
      readonly answer?: ((fields: RawMetadata) => string[]) | undefined;
    },
    client: HttpClient,
    hooks: ExchangeHooks = {},
  ): () => void {
    const { timeouts = {} } = this.#options;
    const wholeMs = Math.min(timeouts.wholeMs ?? longestMs, from.wholeMs ?? longestMs);
    const exchange = new HttpExchange(
      this.#requestOptions(head, from),
      head,
      client,
      { name: this.name, timeouts: { ...timeouts, wholeMs }, answer: from.answer, log: this.#options.log },
      (end) => {
        this.#exchanges.delete(exchange);
        hooks.ended?.(end);
      },
    );
    this.#exchanges.add(exchange);
    exchange.start();
    return () => exchange.cut();
  }

  /** Plays a request for a WebSocket into the origin, over a connection of its own. */
  upgrade(
    head: HttpHead,
    from: { readonly client: string; readonly added: RawMetadata },
    socket: Duplex,
    early: Buffer,
    hooks: UpgradeHooks,
  ): OpenUpgrade {
    const { timeouts = {} } = this.#options;
    // The connection will not come back.
    const agent = agentFor(this.#options, {});
    return playUpgrade({ ...this.#requestOptions(head, from), agent }, timeouts, socket, early, hooks);
  }

  /** For `http.request`. Framing and the fields of the connection are still to be added. */
  #requestOptions(
    head: HttpHead,
    from: { readonly client: string; readonly added: RawMetadata },
  ): OriginRequest {
    const { address, host, tls } = this.#options;
    const place =
      'path' in address
        ? { socketPath: address.path }
        : { host: address.host === '' ? 'localhost' : address.host, port: address.port };
    const headers = [
      'host',
      host ?? (head.authority || ('path' in address ? 'localhost' : formatAddress(address))),
      ...withoutProxyFields(head.fields),
      ...forwardedFields({ client: from.client, secure: head.secure, authority: head.authority }),
      ...from.added,
    ];
    return {
      ...place,
      protocol: tls === undefined ? 'http:' : 'https:',
      agent: this.#agent,
      method: head.method,
      path: head.target,
      headers,
      maxHeaderSize: maxHeadBytes,
      insecureHTTPParser: false,
    };
  }

  /** Ends all exchanges and connections at once. */
  close(): void {
    for (const exchange of [...this.#exchanges]) exchange.cut();
    this.#agent.destroy();
  }
}

/** What `http.request` is told of an origin and a request. */
export type OriginRequest = (
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number }
) & {
  readonly protocol: 'http:' | 'https:';
  readonly agent: HttpAgent;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly string[];
  readonly maxHeaderSize: number;
  readonly insecureHTTPParser: boolean;
};

function agentFor(
  { address, tls }: Pick<OriginOptions, 'address' | 'tls'>,
  pool: { keepAlive?: boolean; maxSockets?: number; maxFreeSockets?: number; timeout?: number },
): HttpAgent {
  if (tls === undefined) return new HttpAgent({ ...pool, noDelay: true });
  const host = 'path' in address ? 'localhost' : address.host || 'localhost';
  const servername = tls.servername ?? (isIP(host) === 0 ? host : '');
  return new HttpsAgent({
    ...pool,
    noDelay: true,
    ALPNProtocols: ['http/1.1'],
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    servername,
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
  });
}
