import type { Registry } from 'prom-client';
import type { BusAuthority } from '../bus/authority.js';
import type { Bus } from '../bus/bus.js';
import { connectBus } from '../bus/connect.js';
import { PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Cleanup } from './cleanup.js';

/** The roles that a process with the keys of the bus may take. */
export type OwnBusRole = 'hub' | 'tunnel' | 'controller' | 'accounts';

/** Life of a process's own bus credentials, in seconds; they are renewed at half of it. */
const credentialSeconds = 14 * 86_400;
/** How long the first connection to the bus may take, in milliseconds. */
const connectMs = 5_000;

/** Connects to the bus with credentials of the own data directory, and keeps them good. Throws what `connectBus` throws. */
export async function connectOwnBus(options: {
  role: OwnBusRole;
  natsUrls: readonly string[];
  authority: BusAuthority;
  log: Logger;
  metrics: Registry;
  cleanup: Cleanup;
}): Promise<Bus> {
  const { role, natsUrls, authority, log, metrics, cleanup } = options;
  const ttlSeconds = credentialSeconds;
  const { identity, seed, ...first } = await authority.newUser({ role, name: role, ttlSeconds });
  let { jwt } = first;
  const renewal = setInterval(() => {
    authority.mint({ identity, name: role, ttlSeconds }).then(
      (renewed) => {
        jwt = renewed;
      },
      (thrown: unknown) => log.error({ err: thrown }, 'the own credentials on the bus could not be renewed'),
    );
  }, ttlSeconds * 500);
  renewal.unref();
  cleanup.add('renewal', () => clearInterval(renewal));
  const bus = await connectBus({
    servers: natsUrls,
    identity,
    credentials: () => ({ jwt, seed }),
    name: role,
    log,
    metrics,
    firstConnect: 'fail',
    timeoutMs: connectMs,
  });
  cleanup.add(`the bus of the ${role}`, () => bus.drain());
  return bus;
}

/** Rejects when the bus does not let this process in any more. */
export function busLost(bus: Bus): Promise<void> {
  return new Promise((_, reject) => {
    bus.onStatus((status) => {
      if (status.type !== 'closed') return;
      reject(
        new PosternError('BUS_CLOSED', `the bus ended the connection: ${status.reason}`, {
          hint: 'the NATS server must run with the configuration of this data directory: see `postern init`',
        }),
      );
    });
  });
}
