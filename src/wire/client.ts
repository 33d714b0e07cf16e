import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { forwardedHops } from './forwarded.js';
import { canonicalAddress, Networks } from './networks.js';

/** What stands for the address of whoever comes over a unix socket. */
export const unixPeer = 'unix';
/** What stands for the address where nobody has said whose a connection is. */
const unknownPeer = 'unknown';

/** What is told where `Client.addressIn` knows of none. */
export const contradictoryProxies =
  'x-forwarded-for and forwarded do not name one client: the proxy has to take out the one that it does not write';

/** The proxies that are believed when they say for whom they speak. */
export class TrustedProxies {
  readonly #networks: Networks;
  readonly #unix: boolean;

  /** Of addresses, networks such as `10.1.0.0/16`, and `unix` for all who come over a unix socket. */
  constructor(texts: readonly string[]) {
    this.#networks = new Networks(texts.filter((text) => text !== unixPeer));
    this.#unix = texts.includes(unixPeer);
  }

  has(address: string): boolean {
    return address === unixPeer ? this.#unix : this.#networks.has(address);
  }
}

const ownAddresses = new Networks(['127.0.0.0/8', '::1']);

/** Who is at the other end of a connection. */
export class Client {
  /** IP address in canonical form, or `unix`. */
  readonly address: string;
  /** Whether what it says has come here without leaving this machine in the clear, so that TLS may be missing. */
  readonly mayBePlain: boolean;
  /** True when it is believed for whom it speaks; asked of each request, so looked up once. */
  readonly isTrusted: boolean;
  readonly #proxies: TrustedProxies;

  constructor(address: string, mayBePlain: boolean, proxies: TrustedProxies) {
    this.address = address;
    this.mayBePlain = mayBePlain;
    this.#proxies = proxies;
    this.isTrusted = proxies.has(address);
  }

  /**
   * Address of the client that has sent a request: this one, or whom a trusted proxy names in `X-Forwarded-For` or
   * `Forwarded`, from the right up to the first address that is not trusted. Undefined where the two headers disagree or
   * one cannot be read: a proxy writes one of them and passes the other on as its client made it up.
   */
  addressIn(headers: IncomingHttpHeaders): string | undefined {
    if (!this.isTrusted) return this.address;
    const lists = forwardedHops(headers);
    if (lists === 'malformed') return undefined;
    const [one = this.address, other = one] = lists.map((hops) => this.#furthest(hops));
    return one === other ? one : undefined;
  }

  #furthest(hops: readonly (string | undefined)[]): string {
    let { address } = this;
    for (const hop of hops.toReversed()) {
      if (hop === undefined || !this.#proxies.has(address)) break;
      address = hop;
    }
    return address;
  }
}

const nobody = new Client(unknownPeer, false, new TrustedProxies([]));
const clients = new WeakMap<object, Client>();

/** Whoever has accepted a connection, or put a layer on it, says whose it is. */
export function setClient(connection: object, client: Client): void {
  clients.set(connection, client);
}

/** Whose a connection is that a front has accepted: a TCP or TLS socket, or an HTTP/2 session. */
export function clientOf(connection: object | undefined): Client {
  return (connection === undefined ? undefined : clients.get(connection)) ?? nobody;
}

/** Address of the client that has sent an HTTP/1.1 request, as far as trusted proxies tell. */
export function clientAddress({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): string {
  const client = clientOf(socket);
  return client.addressIn(headers) ?? client.address;
}

/** The other end of a TCP connection, as the system tells; undefined where the connection is lost already. */
export function peerOf(
  { remoteAddress, localAddress }: { remoteAddress?: string | undefined; localAddress?: string | undefined },
  proxies: TrustedProxies,
): Client | undefined {
  const address = canonicalAddress(remoteAddress?.replace(/%.*/, '') ?? '');
  return address === undefined ? undefined : new Client(address, isHere(address, localAddress), proxies);
}

/**
 * Whom a proxy speaks for. It may do so without TLS where it is on this machine, and its client is too or has spoken TLS
 * with the proxy.
 */
export function clientBehind(
  peer: Client,
  named: { readonly address: string; readonly overTls: boolean },
  localAddress: string | undefined,
  proxies: TrustedProxies,
): Client {
  const { address, overTls } = named;
  const near = address === unixPeer || isHere(address, localAddress);
  return new Client(address, peer.mayBePlain && (near || overTls), proxies);
}

/** Whether an address is one of this machine: of loopback, or where the connection has come to. */
function isHere(address: string, localAddress: string | undefined): boolean {
  return (
    ownAddresses.has(address) || (localAddress !== undefined && address === canonicalAddress(localAddress))
  );
}
