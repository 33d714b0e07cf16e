import type { AccountsConfig } from '../accounts/config.js';
import type { BusAuthority } from '../bus/authority.js';
import { revokeOnServers } from '../bus/revocation.js';
import { removeHubFile, writeHubFile } from '../client/hub-file.js';
import type { HubConfigInput } from '../hub/config.js';
import { startHub } from '../hub/hub.js';
import { inspectorPage } from '../inspector/page-files.js';
import type { Logger } from '../log.js';
import { posternVersion } from '../package-info.js';
import { registerTraceMetrics } from '../tracing/metrics.js';
import { startTracing } from '../tracing/start.js';
import { accountsWith } from './accounts/start.js';
import type { Cleanup } from './cleanup.js';
import { controllerBesideHub } from './controller-beside-hub.js';
import { inspectorBesideHub } from './inspector-beside-hub.js';
import type { Invocation } from './invocation.js';
import { busLost, connectOwnBus, type OwnBusRole } from './own-bus.js';
import { processMetrics } from './process-metrics.js';
import { reloadOnChange, type SeenFile } from './reload.js';
import type { Started } from './serving.js';

/** Connects a hub to the bus and starts it; leaves its address in the data directory for the other commands. */
export async function startHubProcess(options: {
  invocation: Invocation;
  config: HubConfigInput;
  /** Where it is from. */
  file: SeenFile | undefined;
  /** Reads the configuration anew. */
  configure: () => Promise<HubConfigInput>;
  natsUrls: readonly string[];
  authority: BusAuthority;
  /** Whether a controller runs in the same process. */
  withController: boolean;
  /** Account services in the same process; undefined: none. */
  accounts?: AccountsConfig | undefined;
  log: Logger;
  cleanup: Cleanup;
}): Promise<Started> {
  const { invocation, config, configure, natsUrls, authority, withController, log, cleanup } = options;
  const metrics = processMetrics();
  const version = posternVersion();
  const tracing = await startTracing({ service: 'postern-hub', version, env: invocation.env, log });
  if (tracing !== undefined) {
    registerTraceMetrics(metrics, tracing);
    cleanup.add('the traces', () => tracing.stop());
  }
  const connectAs = (role: OwnBusRole) => connectOwnBus({ role, natsUrls, authority, log, metrics, cleanup });
  const [bus, tunnelBus] = await Promise.all([connectAs('hub'), connectAs('tunnel')]);
  const controllerBus = withController ? await connectAs('controller') : undefined;
  const controller =
    controllerBus === undefined
      ? undefined
      : controllerBesideHub({ bus: controllerBus, data: config.data, hub: () => hub, log, cleanup });
  const page = inspectorPage();
  const inspector = inspectorBesideHub({ bus, hub: () => hub, log });
  const hub = startHub(config, {
    bus,
    tunnelBus,
    authority,
    revokeOnBus: (revoked) => revokeOnServers({ authority, servers: natsUrls, revoked }),
    log,
    metrics,
    tracing,
    version,
    services: [...(controller === undefined ? [] : [controller.service]), ...inspector.services],
    pages: [page],
    sockets: inspector.sockets,
  });
  cleanup.add('the hub', () => hub.stop());
  cleanup.add('the inspector', () => inspector.stop());
  const { listen, metrics: metricsAt = '' } = await hub.ready;
  const { hangUps } = invocation;
  reloadOnChange({ file: options.file, read: configure, hub, hangUps, log, cleanup });
  if (options.accounts !== undefined) {
    const accountsBus = await connectAs('accounts');
    const { ready } = await accountsWith(options.accounts, {
      bus: accountsBus,
      data: config.data,
      log,
      cleanup,
    });
    const { rest, auth, storage, rooms, mail } = await ready;
    log.info({ rest, auth, storage, rooms, mail }, 'the account services are ready');
  }
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
