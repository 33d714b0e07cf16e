import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** Servers of HTTP that answer what a test likes. */
export class HttpStage {
  readonly #servers: Server[] = [];

  /** Starts one; resolves to its `HOST:PORT`. */
  async http(answer: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<string> {
    const server = createServer((request, response) => void answer(request, response));
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return `127.0.0.1:${address === null || typeof address === 'string' ? 0 : address.port}`;
  }

  close(): void {
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
  }
}
