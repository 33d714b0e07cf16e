import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** What a client writes within this time reaches the server in one piece, milliseconds. */
const joinedMs = 20;

/** A TCP relay on loopback that takes away which of two writes of a client was faster. */
export interface JoiningRelay {
  readonly address: string;
  close(): void;
}

/** Starts a relay to `target` (HOST:PORT). */
export async function joiningRelay(target: string): Promise<JoiningRelay> {
  const [host = '', port = ''] = target.split(':');
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host, port: Number(port), noDelay: true });
    let held: Buffer[] = [];
    let timer: NodeJS.Timeout | undefined;
    const pass = () => {
      timer = undefined;
      upstream.write(Buffer.concat(held));
      held = [];
    };
    client.on('data', (bytes) => {
      held.push(Buffer.from(bytes));
      timer ??= setTimeout(pass, joinedMs);
    });
    client.on('end', () => {
      if (timer !== undefined) clearTimeout(timer);
      if (held.length > 0) pass();
      upstream.end();
    });
    upstream.pipe(client);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        if (one === client) clearTimeout(timer);
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  return {
    address: typeof bound === 'object' && bound !== null ? `127.0.0.1:${bound.port}` : '',
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
