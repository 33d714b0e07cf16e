import { z } from 'zod';
import { PosternError } from '../errors.js';
import { type HubConfigInput, hubConfig, route } from '../hub/config.js';
import { listenAddress, logLevel, metricsAddress, readPairs, seconds } from './setting-schemas.js';
import type { Binding } from './settings.js';

/** What `postern up` and `postern hub` can be told, as a `--config` file writes it. */
const frontSettings = z.strictObject({
  /** Addresses for callers and agents. */
  listen: z.array(listenAddress).min(1).optional(),
  /** The listeners' certificate. */
  tls: z
    .strictObject({
      on: z.boolean().default(true),
      certFile: z.string().min(1).optional(),
      keyFile: z.string().min(1).optional(),
      caCertFile: z.string().min(1).optional(),
    })
    .refine(
      (tls) => !tls.on || (tls.certFile !== undefined && tls.keyFile !== undefined),
      'TLS needs a certificate and its key: --tls-cert-file and --tls-key-file',
    )
    .optional(),
  /** Nodes that may open tunnels without any secret, and from where. */
  legacyTunnels: hubConfig.shape.legacyTunnels.unwrap().optional(),
  /** Which web pages may call. */
  cors: hubConfig.shape.cors.unwrap().optional(),
  data: z.string().min(1).optional(),
  domain: hubConfig.shape.domain,
  routes: z.array(route).optional(),
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
});

export const hubSettings = frontSettings.extend({
  /** URLs of the NATS server. */
  nats: z.array(natsUrl()).min(1),
});

const frontBindings: readonly Binding[] = [
  { option: 'listen', key: ['listen'] },
  { option: 'tls', key: ['tls', 'on'] },
  { option: 'tls-cert-file', key: ['tls', 'certFile'] },
  { option: 'tls-key-file', key: ['tls', 'keyFile'] },
  { option: 'tls-ca-cert-file', key: ['tls', 'caCertFile'] },
  { option: 'legacy-tunnel', key: ['legacyTunnels'], read: readGrants },
  { option: 'cors-origin', key: ['cors', 'origins'] },
  { option: 'data', key: ['data'] },
  { option: 'domain', key: ['domain'] },
  { option: 'route', key: ['routes'], read: readRoutes },
  { option: 'metrics', key: ['metrics'] },
  { option: 'nats-advertise', key: ['natsAdvertise'] },
  { option: 'credential-ttl', key: ['credentialTtl'] },
  { option: 'drain', key: ['drain'] },
  { option: 'log-level', key: ['logLevel'] },
];

export const upBindings: readonly Binding[] = [
  ...frontBindings,
  { option: 'nats-listen', key: ['natsListen'] },
];
export const hubBindings: readonly Binding[] = [...frontBindings, { option: 'nats', key: ['nats'] }];

/** The hub role's own configuration. */
export function hubConfigOf(
  settings: z.infer<typeof frontSettings>,
  place: { data: string; natsUrls: readonly string[] },
): HubConfigInput {
  const { listen, tls, legacyTunnels, domain, routes, metrics, natsAdvertise, credentialTtl, drain } =
    settings;
  return {
    data: place.data,
    natsAdvertise: natsAdvertise ?? [...place.natsUrls],
    natsPipe: [...place.natsUrls],
    ...(listen && { listen }),
    ...(tls?.on === true && {
      tls: { cert: tls.certFile ?? '', key: tls.keyFile ?? '', clientCa: tls.caCertFile },
    }),
    ...(legacyTunnels && { legacyTunnels }),
    ...(settings.cors && { cors: settings.cors }),
    ...(domain !== undefined && { domain }),
    ...(routes && { routes }),
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

/** `path=/PREFIX,node=NODE` as a row of the route table. */
function readRoutes(value: unknown): unknown {
  const names = new Map([
    ['path', 'pathPrefix'],
    ['host', 'host'],
    ['listener', 'listener'],
    ['node', 'node'],
  ]);
  const texts = Array.isArray(value) ? value.map(String) : [];
  return texts.map((text) => {
    const row = Object.entries(readPairs(text.split(','))).map(([name, part]) => {
      const key = names.get(name.trim());
      if (key !== undefined) return [key, part];
      throw new PosternError(
        'ROUTE_INVALID',
        `'${text}': '${name}' is not one of ${[...names.keys()].join(', ')}`,
      );
    });
    return Object.fromEntries(row);
  });
}

function natsUrl() {
  return z.url({ protocol: /^(nats|tls)$/, error: 'it is not a URL of the form nats://HOST:PORT' });
}
