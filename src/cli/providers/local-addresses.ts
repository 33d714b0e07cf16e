import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { PosternError } from '../../errors.js';

/** Two addresses of this machine. */
export interface AddressPair {
  readonly grpc: string;
  readonly peers: string;
}

/** So many places are tried. */
const mostTries = 50;
/** Below the ports that systems give to connections (32768 and up on Linux, 49152 on others). */
const ports = { from: 10_000, to: 32_000 };

/**
 * Loopback addresses that nobody listens at, a pair for each of `amount`. A daemon that is started again listens where it
 * did before, so that they are chosen beforehand. On Linux, where all of 127.0.0.0/8 is this machine, each pair has a host
 * of its own in a network drawn by lot: what others choose meanwhile hardly meets it. Throws `WORLD_FAILED`.
 */
export async function localAddresses(amount: number): Promise<AddressPair[]> {
  for (let tries = 0; tries < mostTries; tries++) {
    const pairs = drawn(amount);
    const free = await Promise.all(pairs.flatMap(({ grpc, peers }) => [isFree(grpc), isFree(peers)]));
    if (free.every(Boolean)) return pairs;
  }
  throw new PosternError('WORLD_FAILED', `there are no ${2 * amount} free ports on this machine`);
}

function drawn(amount: number): AddressPair[] {
  const port = randomInt(ports.from, ports.to - 2 * amount);
  const at = (host: string, first: number): AddressPair => ({
    grpc: `${host}:${first}`,
    peers: `${host}:${first + 1}`,
  });
  const network = `127.${randomInt(16, 250)}.${randomInt(0, 256)}`;
  return Array.from({ length: amount }, (_, i) =>
    process.platform === 'linux' ? at(`${network}.${i + 1}`, port) : at('127.0.0.1', port + 2 * i),
  );
}

function isFree(address: string): Promise<boolean> {
  const [host = '', port = ''] = address.split(':');
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port: Number(port), exclusive: true }, () => server.close(() => resolve(true)));
  });
}
