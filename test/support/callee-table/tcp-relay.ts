import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A relay of TCP that can be cut: what goes through it comes back only on a new connection. */
export interface TcpRelay {
  readonly port: number;
  /** Where connections go; may be set late. */
  target: { host: string; port: number };
  /** How many connections there have been. */
  readonly accepted: number;
  /** Breaks all connections, without a word. */
  cut(): void;
  stop(): void;
}

/** Starts one on a free port of loopback. */
export async function startTcpRelay(): Promise<TcpRelay> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let accepted = 0;
  const server = createServer((near) => {
    accepted++;
    const far = connect(relay.target);
    const pair = [near, far] as const;
    pairs.add(pair);
    const drop = (): void => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) socket.setNoDelay(true).on('error', drop).on('close', drop);
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const relay: TcpRelay = {
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    target: { host: '127.0.0.1', port: 0 },
    get accepted() {
      return accepted;
    },
    cut() {
      for (const [near, far] of pairs) {
        near.destroy();
        far.destroy();
      }
    },
    stop() {
      server.close();
      relay.cut();
    },
  };
  return relay;
}
