import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { PosternError } from '../../errors.js';

/** Ports of this machine that follow each other. */
export interface LocalPlace {
  readonly host: string;
  /** The first one. */
  readonly port: number;
}

/** So many places are tried. */
const mostTries = 50;
/** Below the ports that systems give to connections (32768 and up on Linux, 49152 on others). */
const ports = { from: 10_000, to: 32_000 };

/**
 * Loopback addresses that nobody listens at, `each` for each of `amount`. A daemon that is started again listens where it
 * did before, so that they are chosen beforehand. On Linux, where all of 127.0.0.0/8 is this machine, each has a host of its
 * own in a network drawn by lot: what others choose meanwhile hardly meets it. Throws `WORLD_FAILED`.
 */
export async function localAddresses(amount: number, each: number): Promise<LocalPlace[]> {
  for (let tries = 0; tries < mostTries; tries++) {
    const places = drawn(amount, each);
    if (await areFree(places, each)) return places;
  }
  throw new PosternError('WORLD_FAILED', `there are no ${each * amount} free ports on this machine`);
}

function drawn(amount: number, each: number): LocalPlace[] {
  const isLinux = process.platform === 'linux';
  const port = randomInt(ports.from, ports.to - each * (isLinux ? 1 : amount));
  const network = `127.${randomInt(16, 250)}.${randomInt(0, 256)}`;
  return Array.from({ length: amount }, (_, i) =>
    isLinux ? { host: `${network}.${i + 1}`, port } : { host: '127.0.0.1', port: port + each * i },
  );
}

async function areFree(places: readonly LocalPlace[], each: number): Promise<boolean> {
  for (const { host, port } of places) {
    const free = await Promise.all(Array.from({ length: each }, (_, i) => isFree(host, port + i)));
    if (!free.every(Boolean)) return false;
  }
  return true;
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
