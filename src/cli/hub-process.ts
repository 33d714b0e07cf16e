import type { Registry } from 'prom-client';
import type { BusAuthority } from '../bus/authority.js';
import type { Bus } from '../bus/bus.js';
import { connectBus } from '../bus/connect.js';
import { revokeOnServers } from '../bus/revocation.js';
import { removeHubFile, writeHubFile } from '../client/hub-file.js';
import { PosternError } from '../errors.js';
import type { HubConfigInput } from '../hub/config.js';
import { startHub } from '../hub/hub.js';
import type { Logger } from '../log.js';
import { posternVersion } from '../package-info.js';
import type { Cleanup } from './cleanup.js';
import { controllerBesideHub } from './controller-beside-hub.js';
import type { Invocation } from './invocation.js';
import { processMetrics } from './process-metrics.js';
import { reloadOnChange } from './reload.js';
import type { Started } from './serving.js';

/** Life of a hub's own bus credentials, in seconds; they are renewed at half of it. */
const hubCredentialSeconds = 14 * 86_400;

/** How long the first connection to the bus may take, in milliseconds. */
const connectMs = 5_000;

/** Connects a hub to the bus and starts it; leaves its address in the data directory for the other commands. */
export async function startHubProcess(options: {
  invocation: Invocation;
  config: HubConfigInput;
  /** Reads the configuration anew. */
  configure: () => Promise<HubConfigInput>;
  natsUrls: readonly string[];
  authority: BusAuthority;
  /** Whether a controller runs in the same process. */
  withController: boolean;
  log: Logger;
  cleanup: Cleanup;
}): Promise<Started> {
  const { invocation, config, configure, natsUrls, authority, withController, log, cleanup } = options;
  const metrics = processMetrics();
  const connectAs = (role: 'hub' | 'tunnel' | 'controller') =>
    connect({ role, natsUrls, authority, log, metrics, cleanup });
  const [bus, tunnelBus] = await Promise.all([connectAs('hub'), connectAs('tunnel')]);
  const controllerBus = withController ? await connectAs('controller') : undefined;
  const controller =
    controllerBus === undefined
      ? undefined
      : controllerBesideHub({ bus: controllerBus, data: config.data, hub: () => hub.ready, log, cleanup });
  const hub = startHub(config, {
    bus,
    tunnelBus,
    authority,
    revokeOnBus: (revoked) => revokeOnServers({ authority, servers: natsUrls, revoked }),
    log,
    metrics,
    version: posternVersion(),
    services: controller === undefined ? [] : [controller.service],
  });
  cleanup.add('the hub', () => hub.stop());
  const { listen, metrics: metricsAt = '' } = await hub.ready;
  await reloadOnChange({ file: invocation.options.text('config'), read: configure, hub, log, cleanup });
  const [nats = ''] = natsUrls;
  await writeHubFile(config.data, {
    pid: process.pid,
    listen,
    nats,
    metrics: metricsAt,
    startedAtMs: Date.now(),
  });
  cleanup.add('hub.json', () => removeHubFile(config.data, process.pid));
  const also = metricsAt === '' ? '' : `, metrics ${metricsAt}`;
  return {
    facts: { listen, nats, metrics: metricsAt, data: config.data, pid: process.pid },
    line: `${invocation.command.path.join(' ')}: ready on ${listen.join(', ')} (bus ${nats}${also})`,
    ended: Promise.race([busLost(bus), busLost(tunnelBus)]),
  };
}

async function connect(options: {
  role: 'hub' | 'tunnel' | 'controller';
  natsUrls: readonly string[];
  authority: BusAuthority;
  log: Logger;
  metrics: Registry;
  cleanup: Cleanup;
}): Promise<Bus> {
  const { role, natsUrls, authority, log, metrics, cleanup } = options;
  const ttlSeconds = hubCredentialSeconds;
  const { identity, seed, ...first } = await authority.newUser({ role, name: role, ttlSeconds });
  let { jwt } = first;
  const renewal = setInterval(() => {
    authority.mint({ identity, name: role, ttlSeconds }).then(
      (renewed) => {
        jwt = renewed;
      },
      (thrown: unknown) => log.error({ err: thrown }, "the hub's own credentials could not be renewed"),
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

/** Rejects when the bus does not let this hub in any more. */
function busLost(bus: Bus): Promise<void> {
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
