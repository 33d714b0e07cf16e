import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** The end of a page, or of an object in JSON. */
const whole = /(?:<\/html>\s*|\})$/;

/** A TCP relay: each page of a server is held until `answered` is done, and delivered whatever became of the server. */
export class WatchedRelay {
  readonly address: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, address: string) {
    this.#server = server;
    this.address = address;
  }

  static async start(to: string, answered: () => Promise<void>): Promise<WatchedRelay> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const relay = new WatchedRelay(server, `127.0.0.1:${port}`);
    server.on('connection', (near) => relay.#join(near, to, answered));
    return relay;
  }

  #join(near: Socket, to: string, answered: () => Promise<void>): void {
    const [host = '', port] = to.split(':');
    const far = connect(Number(port), host);
    let turn = Promise.resolve();
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
    }
    near.pipe(far);
    near.on('close', () => far.destroy());
    let held = '';
    far.setEncoding('latin1').on('data', (text: string) => {
      held += text;
      if (!whole.test(held)) return;
      const page = held;
      held = '';
      turn = turn.then(answered).then(() => void near.write(page, 'latin1'));
    });
    far.on('close', () => {
      turn = turn.then(() => void near.end());
    });
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
