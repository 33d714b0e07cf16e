import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP relay that can be cut and healed. */
export class CuttableRelay {
  readonly address: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(server: Server, address: string, to: string) {
    this.#server = server;
    this.address = address;
    const [host = '', port] = to.split(':');
    server.on('connection', (socket) => {
      if (this.#isCut) {
        socket.destroy();
        return;
      }
      const other = connect({ host, port: Number(port) });
      for (const [from, into] of [
        [socket, other],
        [other, socket],
      ] as const) {
        this.#sockets.add(from);
        from
          .on('error', () => {})
          .on('close', () => {
            this.#sockets.delete(from);
            into.destroy();
          });
        from.pipe(into);
      }
    });
  }

  static async start(to: string): Promise<CuttableRelay> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    return new CuttableRelay(server, `127.0.0.1:${port}`, to);
  }

  /** Breaks what is open, and refuses what comes. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  heal(): void {
    this.#isCut = false;
  }

  stop(): void {
    this.cut();
    this.#server.close();
  }
}
