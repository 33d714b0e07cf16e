import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Ports that no system gives to whoever asks for any port: those begin at 32768 or above. So nobody else is given one
 * between here and whoever listens on it, or while that is started again.
 */
const [first, blocks, portsEach] = [12_000, 400, 50];
let taken = 0;

/** A port of 127.0.0.1 for what has to be told its port before it listens, or to stay on it. Throws where all are taken. */
export async function freePort(): Promise<number> {
  // Files of tests run at once, each in a process of its own: each has a block of its own.
  const begin = first + (process.pid % blocks) * portsEach;
  for (let tried = 0; tried < portsEach; tried += 1) {
    const port = begin + (taken % portsEach);
    taken += 1;
    if (await isFree(port)) return port;
  }
  throw new Error(`no port of ${begin} to ${begin + portsEach - 1} is free`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
