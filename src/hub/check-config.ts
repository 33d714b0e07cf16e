import { createLogger } from '../log.js';
import { TlsIdentity } from '../wire/tls-identity.js';
import { type HubConfigInput, readHubConfig } from './config.js';
import { LiveRoutes } from './routes/live-routes.js';

/**
 * Checks the routes and certificates of a configuration as a hub that starts would, their files too, without starting
 * anything. Throws `PosternError` (exit status 2): `CONFIG_INVALID`, `ROUTE_INVALID`, `TLS_FILE_INVALID`,
 * `TLS_FILE_UNREADABLE`.
 */
export async function checkHubConfig(
  input: HubConfigInput,
): Promise<{ readonly routes: number; readonly certificates: number }> {
  const config = readHubConfig(input);
  const log = createLogger('silent');
  const nats = [...config.natsPipe, ...config.natsAdvertise];
  const routes = await LiveRoutes.load({ ...config, domain: config.domain, nats }, log);
  routes.stop();
  if (config.tls === undefined) return { routes: config.routes.length, certificates: 0 };
  const identity = await TlsIdentity.load(config.tls, log);
  identity.stop();
  return { routes: config.routes.length, certificates: 1 + config.tls.more.length };
}
