import { createServer } from 'node:net';
import { type Check, ok, skipped, warn } from './check.js';

/** Where `postern up` listens when nobody says otherwise: callers, callers, metrics. */
const defaults = [
  { port: 8080, option: '--listen' },
  { port: 9090, option: '--listen' },
  { port: 9464, option: '--metrics' },
] as const;

/** Where no hub runs: whether one could be started with what is the default. */
export const portsCheck: Check = {
  name: 'ports',
  async run({ running }) {
    if ((await running()) !== undefined) return skipped('a hub runs');
    const taken: (typeof defaults)[number][] = [];
    for (const one of defaults) if (await inUse(one.port)) taken.push(one);
    if (taken.length === 0) return ok(`${defaults.map(({ port }) => port).join(', ')} are free for a hub`);
    const options = new Set(taken.map(({ option }) => `${option} 127.0.0.1:PORT`));
    return warn(
      `another program listens on ${taken.map(({ port }) => `127.0.0.1:${port}`).join(', ')}`,
      `for a hub on this machine, stop that program, or say other ports: \`postern up ${[...options].join(' ')}\``,
    );
  },
};

function inUse(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve('code' in error && error.code === 'EADDRINUSE'));
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => resolve(false)));
  });
}
