import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../log.js';
import { type Address, formatAddress, parseAddress } from './address.js';
import { bind } from './bind.js';
import { Http1Door, type UpgradeListener } from './http1-door.js';
import { Http2Door } from './http2-door.js';
import { refusePlain, speaksToItself } from './plain-guard.js';
import type { SessionLimits } from './session-keeper.js';
import { matchHttp1, matchHttp2, type Protocol, sniff } from './sniff.js';
import { matchTls, TlsDoor } from './tls-door.js';
import type { TlsIdentity } from './tls-identity.js';

/** Bounds of a front. */
export interface FrontLimits {
  /** Milliseconds in which a connection must have told its protocol. Default 10,000. */
  readonly silentMs?: number;
  /** Open connections per address; more are closed at once. Default 20,000. */
  readonly connections?: number;
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
  /** Takes connections that ask for another protocol; without it they are answered as plain requests. */
  readonly onUpgrade?: UpgradeListener;
  /** TLS is spoken with this, and without TLS only with clients on this machine. Absent: no TLS. */
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

/** Seconds of silence after which the system probes whether a client is still there. */
const keepAliveMs = 60_000;

/**
 * Listens on all addresses for HTTP/2 (prior knowledge) and HTTP/1.1, told apart by the first bytes. Either all
 * addresses are bound or none.
 *
 * Throws `PosternError`: `ADDRESS_INVALID`, `PORT_IN_USE`, `LISTEN_DENIED`, `LISTEN_FAILED`.
 */
export async function listenFront(options: FrontOptions): Promise<Front> {
  const wanted = options.addresses.map((text) => ({ text, address: parseAddress(text, 'listen') }));
  const doors: Door[] = [];
  const addresses: string[] = [];
  try {
    for (const { text, address } of wanted) {
      const door = new Door(options, text);
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

/** One listening address. */
class Door {
  readonly #server: Server;
  readonly #http1: Http1Door;
  readonly #http2: Http2Door;
  readonly #tls: TlsDoor | undefined;
  /** Every open connection, whatever it speaks. */
  readonly #sockets = new Set<Socket>();

  constructor(options: FrontOptions, name: string) {
    const { log, limits } = options;
    this.#http1 = new Http1Door(
      (request, response, unbound) => options.onHttp1(request, response, name, unbound),
      options.onUpgrade,
    );
    this.#http2 = new Http2Door((stream, headers, rawHeaders) => {
      try {
        options.onStream(stream, headers, rawHeaders, name);
      } catch (error) {
        log.error({ listener: name, err: error }, 'a call could not be served');
        stream.destroy();
      }
    }, limits?.sessions);
    const silentMs = limits?.silentMs ?? 10_000;
    const http1: Protocol = {
      name: 'HTTP/1.1',
      match: matchHttp1,
      take: (socket) => this.#http1.take(socket),
    };
    const http2: Protocol = {
      name: 'HTTP/2',
      match: matchHttp2,
      take: (socket) => this.#http2.take(socket),
    };
    const { tls } = options;
    this.#tls =
      tls === undefined
        ? undefined
        : new TlsDoor(tls, {
            http2: http2.take,
            // HTTP/2 within TLS is agreed by ALPN and in no other way (RFC 9113 §3.3).
            other: (socket) => sniff(socket, [http1], silentMs),
            failed: (why) => log.debug({ listener: name, why }, 'a TLS handshake failed'),
          });
    const protocols = this.#tls === undefined ? [http2, http1] : withTls(this.#tls, [http2, http1]);
    this.#server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs });
    this.#server.maxConnections = limits?.connections ?? 20_000;
    this.#server.on('drop', () => log.warn({ listener: name }, 'too many connections: one was closed'));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      sniff(socket, protocols, silentMs);
    });
  }

  async listen(address: Address): Promise<string> {
    const bound = await bind(this.#server, address);
    // Errors of accepting (e.g. no more file descriptors) pass; the server goes on.
    this.#server.on('error', () => {});
    return formatAddress(bound);
  }

  async drain(graceMs: number): Promise<void> {
    const closed = this.#stopAccepting();
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([Promise.all([this.#http1.drain(), this.#http2.drain()]), grace]);
    clearTimeout(timer);
    this.#destroyAll();
    await closed;
  }

  async close(): Promise<void> {
    const closed = this.#stopAccepting();
    this.#destroyAll();
    await closed;
  }

  #stopAccepting(): Promise<void> {
    // Closing one that never listened, or twice, is no error here.
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #destroyAll(): void {
    this.#tls?.close();
    this.#http2.close();
    this.#http1.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** TLS for everybody, the others for this machine only. */
function withTls(tls: TlsDoor, plain: readonly Protocol[]): Protocol[] {
  const guarded = plain.map(({ name, match, take }) => ({
    name,
    match,
    take: (socket: Socket) => (speaksToItself(socket) ? take(socket) : refusePlain(socket)),
  }));
  return [{ name: 'TLS', match: matchTls, take: (socket) => tls.take(socket) }, ...guarded];
}
