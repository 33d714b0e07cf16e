import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../log.js';
import { type Address, formatAddress } from './address.js';
import { bind } from './bind.js';
import { Client, clientBehind, peerOf, setClient, type TrustedProxies, unixPeer } from './client.js';
import type { ConnectionCounts } from './connection-counts.js';
import { FrontProtocols } from './front-protocols.js';
import type { FrontOptions } from './listener.js';
import { readProxyHeader } from './proxy-protocol.js';
import { peek, sniff } from './sniff.js';

/** What the doors of one front share. */
export interface SharedByDoors {
  readonly proxies: TrustedProxies;
  readonly counts: ConnectionCounts;
}

/** Milliseconds of silence after which the system probes whether a client is still there. */
const keepAliveMs = 60_000;

/** One listening address: accepts connections, finds out whose they are, and gives them to their protocol. */
export class ListeningDoor {
  readonly #server: Server;
  readonly #protocols: FrontProtocols;
  readonly #shared: SharedByDoors;
  readonly #silentMs: number;
  readonly #log: Logger;
  /** Every open connection, whatever it speaks. */
  readonly #sockets = new Set<Socket>();
  #isUnix = false;

  constructor(options: FrontOptions, name: string, shared: SharedByDoors) {
    const { limits } = options;
    this.#shared = shared;
    this.#silentMs = limits?.silentMs ?? 10_000;
    this.#log = options.log.child({ listener: name });
    this.#protocols = new FrontProtocols(options, name, this.#silentMs, this.#log);
    this.#server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs });
    this.#server.maxConnections = limits?.connections ?? 20_000;
    this.#server.on('drop', () => this.#log.warn('too many connections: one was closed'));
    this.#server.on('connection', (socket) => this.#accepted(socket));
  }

  async listen(address: Address): Promise<string> {
    this.#isUnix = 'path' in address;
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
    await Promise.race([this.#protocols.drain(), grace]);
    clearTimeout(timer);
    this.#destroyAll();
    await closed;
  }

  async close(): Promise<void> {
    const closed = this.#stopAccepting();
    this.#destroyAll();
    await closed;
  }

  #accepted(socket: Socket): void {
    const { proxies } = this.#shared;
    const peer = this.#isUnix ? new Client(unixPeer, true, proxies) : peerOf(socket, proxies);
    if (peer === undefined) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    if (peer.isTrusted) this.#askProxy(socket, peer);
    else if (this.#admits(socket, peer)) sniff(socket, this.#protocols.all, this.#silentMs);
  }

  /** A trusted proxy may say first for whom it speaks. Its own connections are as many as its clients make them. */
  #askProxy(socket: Socket, peer: Client): void {
    const acceptedAt = performance.now();
    peek(socket, this.#silentMs, (bytes) => {
      const header = readProxyHeader(bytes);
      if (header === 'more') return undefined;
      if (header === 'bad') {
        this.#log.warn({ from: peer.address }, 'a trusted proxy sent a PROXY preamble that cannot be read');
        return null;
      }
      const { length = 0, address, overTls = false } = header === 'none' ? {} : header;
      const take = (): void => {
        const { proxies } = this.#shared;
        const client =
          address === undefined
            ? peer
            : clientBehind(peer, { address, overTls }, socket.localAddress, proxies);
        const leftMs = Math.max(1, this.#silentMs - (performance.now() - acceptedAt));
        if (this.#admits(socket, client)) sniff(socket, this.#protocols.all, leftMs);
      };
      return { skip: length, take };
    });
  }

  /** Says whose the connection is; false, and it is closed, where its client has too many. */
  #admits(socket: Socket, client: Client): boolean {
    setClient(socket, client);
    if (client.isTrusted || this.#shared.counts.admit(socket, client.address)) return true;
    this.#log.warn({ from: client.address }, 'too many connections of one client: one was closed');
    socket.destroy();
    return false;
  }

  #stopAccepting(): Promise<void> {
    // Closing one that never listened, or twice, is no error here.
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #destroyAll(): void {
    this.#protocols.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
