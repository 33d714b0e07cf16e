import { createServer, type Server, type Socket } from 'node:net';
import { errorText } from '../../errors.js';
import type { Logger } from '../../log.js';
import { formatAddress, type TcpAddress } from '../../wire/address.js';
import { bind } from '../../wire/bind.js';
import type { PeerLink } from './link.js';

/** Connections that have not proved yet who they are. */
const mostUnproved = 64;
/** Connections in all. */
const mostConnections = 1024;

/** Takes connections of peers. */
export class PeerListener {
  readonly #server: Server;
  readonly #open: (socket: Socket) => Promise<PeerLink>;
  readonly #take: (link: PeerLink) => void;
  readonly #log: Logger;
  readonly #sockets = new Set<Socket>();
  #unproved = 0;

  constructor(open: (socket: Socket) => Promise<PeerLink>, take: (link: PeerLink) => void, log: Logger) {
    this.#open = open;
    this.#take = take;
    this.#log = log;
    this.#server = createServer({ noDelay: true, allowHalfOpen: false }, (socket) => this.#connected(socket));
    this.#server.maxConnections = mostConnections;
  }

  /** Resolves to the address as bound. Throws `PORT_IN_USE`, `LISTEN_DENIED`, `LISTEN_FAILED`. */
  async listen(address: TcpAddress): Promise<string> {
    return formatAddress(await bind(this.#server, address));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #connected(socket: Socket): void {
    socket.on('error', () => {});
    if (this.#unproved >= mostUnproved) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#unproved += 1;
    this.#open(socket)
      .then(this.#take)
      .catch((thrown: unknown) => this.#log.debug({ reason: errorText(thrown) }, 'a connection was no peer'))
      .finally(() => {
        this.#unproved -= 1;
      })
      .catch(() => {});
  }
}
