import { isDeepStrictEqual } from 'node:util';
import type { TlsIdentity } from '../wire/tls-identity.js';
import { type HubConfig, type HubConfigInput, readHubConfig } from './config.js';
import type { LiveRoutes } from './routes/live-routes.js';
import type { Webhooks } from './webhooks/webhooks.js';

/** What became of a configuration that was read while the hub runs. */
export interface Reloaded {
  /** Settings that differ and are not changed before the hub is started anew. */
  readonly waiting: readonly string[];
}

/**
 * Puts the routes, certificates and webhooks of another configuration into effect, all of them or none, one after the other where
 * several come at once. Certificates whose files have changed are read anew. What it answers with rejects with a
 * `PosternError`: `CONFIG_INVALID`, `ROUTE_INVALID`, `TLS_FILE_INVALID`, `TLS_FILE_UNREADABLE`,
 * `WEBHOOK_SECRET_INVALID`, `WEBHOOK_FILE_UNREADABLE`.
 */
export function reloader(
  started: HubConfig,
  parts: { routes: LiveRoutes; tls: TlsIdentity | undefined; webhooks: Webhooks },
): (input: HubConfigInput) => Promise<Reloaded> {
  const { routes, tls, webhooks } = parts;
  let current = started;
  const take = async (input: HubConfigInput): Promise<Reloaded> => {
    const config = readHubConfig(input);
    const { tls: identity } = config;
    const sameTls = isDeepStrictEqual(identity, current.tls);
    const sameRoutes = isDeepStrictEqual(config.routes, current.routes);
    // Whether to speak TLS at all, and what clients have to show, is settled when the hub starts.
    const settled =
      tls !== undefined && identity !== undefined && identity.clientCa === started.tls?.clientCa;
    const certificates = async (): Promise<void> => {
      if (!sameTls && settled) await tls.replace(identity);
    };
    const takeWebhooks = await webhooks.prepare(config.webhooks);
    if (sameRoutes) await certificates();
    else await routes.reload(config.routes, config.routesFrom, certificates);
    if (sameTls) await tls?.reload();
    takeWebhooks();
    current = { ...config, tls: settled ? config.tls : current.tls };
    return { waiting: differing(config, started, settled || sameTls) };
  };
  let last: Promise<unknown> = Promise.resolve();
  return (input) => {
    const next = last.then(() => take(input));
    last = next.catch(() => {});
    return next;
  };
}

function differing(config: HubConfig, started: HubConfig, tlsTaken: boolean): string[] {
  const taken = new Set(['routes', 'routesFrom', 'webhooks', ...(tlsTaken ? ['tls'] : [])]);
  const now = new Map<string, unknown>(Object.entries(config));
  const before = new Map<string, unknown>(Object.entries(started));
  return [...new Set([...now.keys(), ...before.keys()])].filter(
    (key) => !taken.has(key) && !isDeepStrictEqual(now.get(key), before.get(key)),
  );
}
