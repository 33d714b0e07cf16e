import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from '../log.js';
import { parseAddress } from './address.js';
import { TrustedProxies } from './client.js';
import { ConnectionCounts } from './connection-counts.js';
import { ListeningDoor } from './listening-door.js';
import { guardHosts } from './misdirected.js';
import type { SessionLimits } from './session-keeper.js';
import type { TlsIdentity } from './tls-identity.js';

/** Bounds of a front. */
export interface FrontLimits {
  /** Milliseconds in which a connection must have told its protocol. Default 10,000. */
  readonly silentMs?: number;
  /** Milliseconds for a TLS handshake to be complete. Default 10,000. */
  readonly handshakeMs?: number;
  /** Milliseconds for the header of an HTTP/1.1 request to be complete. Default 10,000. */
  readonly headMs?: number;
  /** Open connections at each address that is listened at; more are closed at once. Default 20,000. */
  readonly connections?: number;
  /**
   * Open connections of one client, by its IPv4 address or /64 network of IPv6, at all addresses together; more are
   * closed at once. Default 2,000, a tenth of what one address takes. Trusted proxies have no such bound: their clients do.
   */
  readonly connectionsPerAddress?: number;
  /** When HTTP/2 connections are given up. Default: idle for 5 minutes; silent for 60 s and 30 s after a PING. */
  readonly sessions?: SessionLimits;
}

export interface FrontOptions {
  /** Where to listen: `HOST:PORT`, `:PORT`, `unix:/path`; port 0 takes any. */
  readonly addresses: readonly string[];
  /**
   * Hears each HTTP/2 stream. `listener` is the address as it was given in `addresses`. A throw closes the stream
   * and harms that stream alone.
   */
  onStream(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
    listener: string,
  ): void;
  /** Answers HTTP/1.1 requests. `listener` as in `onStream`; `unbound` as `RequestTaker` has it. */
  onHttp1(request: IncomingMessage, response: ServerResponse, listener: string, unbound: () => void): void;
  /**
   * Takes connections that ask for another protocol, and must handle their errors; without it they are answered as plain
   * requests. `listener` as in `onStream`.
   */
  onUpgrade?(request: IncomingMessage, socket: Duplex, head: Buffer, listener: string): void;
  /**
   * Takes connections that begin with `{`, unread: their protocol has no other preface. `listener` is as for `onStream`.
   * It must handle the socket's errors, and bound its first wait. Absent: they are closed.
   */
  readonly onForward?: (socket: Socket, listener: string) => void;
  /**
   * Addresses and networks of proxies that may say for whom they speak (PROXY protocol, `X-Forwarded-For`, `Forwarded`),
   * and `unix` for all who come over a unix socket. Default: none. Whose a connection is then tells `clientOf`.
   */
  readonly trustedProxies?: readonly string[];
  /** TLS is spoken with this, and without TLS only with who may (`Client.mayBePlain`). Absent: no TLS. */
  readonly tls?: TlsIdentity;
  readonly log: Logger;
  readonly limits?: FrontLimits;
}

/** A front that listens. */
export interface Front {
  /** The addresses as bound, in the order of `FrontOptions.addresses`. */
  readonly addresses: readonly string[];
  /** Accepts no more, tells clients to go elsewhere (GOAWAY), waits at most `graceMs` for what is open, and closes. */
  drain(graceMs: number): Promise<void>;
  /** Closes everything at once. */
  close(): Promise<void>;
}

/**
 * Listens on all addresses for HTTP/2 (prior knowledge) and HTTP/1.1, told apart by the first bytes. Either all
 * addresses are bound or none.
 *
 * Throws `PosternError`: `ADDRESS_INVALID`, `PORT_IN_USE`, `LISTEN_DENIED`, `LISTEN_FAILED`.
 */
export async function listenFront(given: FrontOptions): Promise<Front> {
  const options = given.tls === undefined ? given : guardHosts(given.tls, given);
  const wanted = options.addresses.map((text) => ({ text, address: parseAddress(text, 'listen') }));
  const shared = {
    proxies: new TrustedProxies(options.trustedProxies ?? []),
    counts: new ConnectionCounts(options.limits?.connectionsPerAddress ?? 2_000),
  };
  const doors: ListeningDoor[] = [];
  const addresses: string[] = [];
  try {
    for (const { text, address } of wanted) {
      const door = new ListeningDoor(options, text, shared);
      addresses.push(await door.listen(address));
      doors.push(door);
    }
  } catch (thrown) {
    await Promise.all(doors.map((door) => door.close()));
    throw thrown;
  }
  return {
    addresses,
    drain: async (graceMs) => {
      await Promise.all(doors.map((door) => door.drain(graceMs)));
    },
    close: async () => {
      await Promise.all(doors.map((door) => door.close()));
    },
  };
}
