import { z } from 'zod';
import { PosternError } from '../errors.js';
import { type HubConfigInput, hubConfig } from '../hub/config.js';
import { doorBindings, doorSettings } from './door-settings.js';
import { issuerBindings, issuerSettings, issuersOf } from './issuer-settings.js';
import { logBindings, logSettings, logsConfigOf } from './log-settings.js';
import { routeBindings, routeSettings, tlsConfigOf } from './route-settings.js';
import { listenAddress, logLevel, metricsAddress, seconds } from './setting-schemas.js';
import type { Binding } from './settings.js';
import { webhookBindings, webhookSettings, webhooksOf } from './webhook-settings.js';

/** What `postern up` and `postern hub` can be told, as a `--config` file writes it. */
const frontSettings = z.strictObject({
  /** Addresses for callers and agents. */
  listen: z.array(listenAddress).min(1).optional(),
  ...routeSettings,
  ...issuerSettings,
  ...doorSettings,
  /** Nodes that may open tunnels without any secret, and from where. */
  legacyTunnels: hubConfig.shape.legacyTunnels.unwrap().optional(),
  /** Which web pages may call. */
  cors: hubConfig.shape.cors.unwrap().optional(),
  ...webhookSettings,
  ...logSettings,
  data: z.string().min(1).optional(),
  domain: hubConfig.shape.domain,
  /** Address of `/metrics`; `off` for none. */
  metrics: metricsAddress.optional(),
  natsAdvertise: z.array(natsUrl()).optional(),
  credentialTtl: seconds({ least: 10, most: 365 * 86_400 }).optional(),
  drain: seconds({ least: 0, most: 3600 }).optional(),
  logLevel,
});

export const upSettings = frontSettings.extend({
  /** Address of the embedded NATS server. */
  natsListen: listenAddress.optional(),
  /** File with the settings of account services in the same process. */
  accounts: z.string().min(1).optional(),
});

export const hubSettings = frontSettings.extend({
  /** URLs of the NATS server. */
  nats: z.array(natsUrl()).min(1),
});

/** What a file for either of them may hold. */
export const anyHubSettings = upSettings.extend({ nats: z.array(natsUrl()).min(1).optional() });

const frontBindings: readonly Binding[] = [
  { option: 'listen', key: ['listen'] },
  ...routeBindings,
  ...issuerBindings,
  ...doorBindings,
  { option: 'legacy-tunnel', key: ['legacyTunnels'], read: readGrants },
  { option: 'cors-origin', key: ['cors', 'origins'] },
  ...webhookBindings,
  ...logBindings,
  { option: 'data', key: ['data'] },
  { option: 'domain', key: ['domain'] },
  { option: 'metrics', key: ['metrics'] },
  { option: 'nats-advertise', key: ['natsAdvertise'] },
  { option: 'credential-ttl', key: ['credentialTtl'] },
  { option: 'drain', key: ['drain'] },
  { option: 'log-level', key: ['logLevel'] },
];

export const upBindings: readonly Binding[] = [
  ...frontBindings,
  { option: 'nats-listen', key: ['natsListen'] },
  { option: 'accounts', key: ['accounts'] },
];
export const hubBindings: readonly Binding[] = [...frontBindings, { option: 'nats', key: ['nats'] }];

/** The hub role's own configuration. */
export function hubConfigOf(
  settings: z.infer<typeof frontSettings>,
  place: { data: string; natsUrls: readonly string[]; routesFrom?: string },
): HubConfigInput {
  const { listen, legacyTunnels, domain, routes, metrics, natsAdvertise, credentialTtl, drain } = settings;
  const tls = tlsConfigOf(settings);
  const issuers = issuersOf(settings);
  return {
    data: place.data,
    natsAdvertise: natsAdvertise ?? [...place.natsUrls],
    natsPipe: [...place.natsUrls],
    ...(listen && { listen }),
    ...(tls && { tls }),
    ...(issuers.length > 0 && { issuers }),
    ...(legacyTunnels && { legacyTunnels }),
    ...(settings.trustedProxies && { trustedProxies: settings.trustedProxies }),
    ...(settings.limits && { limits: settings.limits }),
    ...(settings.cors && { cors: settings.cors }),
    ...(settings.logs && { logs: logsConfigOf(settings) }),
    ...(settings.webhooks && { webhooks: webhooksOf(settings) }),
    ...(domain !== undefined && { domain }),
    ...(routes && { routes, routesFrom: place.routesFrom ?? '' }),
    ...(metrics !== undefined && { metricsListen: metrics === 'off' ? '' : metrics }),
    ...(credentialTtl !== undefined && { credentialTtlSeconds: Math.round(credentialTtl) }),
    ...(drain !== undefined && { drainSeconds: drain }),
  };
}

/** `NODE=ADDRESS` or `NODE=NETWORK` as legacy grants, those of one node together. */
function readGrants(value: unknown): unknown {
  const byNode = new Map<string, string[]>();
  for (const text of Array.isArray(value) ? value.map(String) : []) {
    const [node = '', from] = text.split('=', 2);
    if (from === undefined) {
      throw new PosternError('GRANT_INVALID', `'${text}' is not of the form NODE=ADDRESS or NODE=NETWORK`);
    }
    byNode.set(node, [...(byNode.get(node) ?? []), from]);
  }
  return [...byNode].map(([node, from]) => ({ node, from }));
}

function natsUrl() {
  return z.url({ protocol: /^(nats|tls)$/, error: 'it is not a URL of the form nats://HOST:PORT' });
}
