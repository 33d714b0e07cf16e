import { z } from 'zod';
import { type AgentConfigInput, agentConfig } from '../agent/config.js';
import { logLevel, metricsAddress, readPairs, seconds } from './setting-schemas.js';
import type { Binding } from './settings.js';

const { shape } = agentConfig;

/** What `postern agent` can be told, as a `--config` file writes it. */
export const agentSettings = z.strictObject({
  node: shape.node,
  to: shape.to,
  toTls: shape.toTls,
  forward: shape.forward,
  labels: shape.labels,
  share: shape.share,
  hub: shape.hub.unwrap().optional(),
  hubTls: shape.hubTls,
  token: shape.token,
  /** File with the join token. */
  tokenFile: z.string().min(1).optional(),
  nats: shape.nats,
  data: shape.data.optional(),
  metrics: metricsAddress.optional(),
  connectTimeout: seconds({ least: 0.1, most: 300 }).optional(),
  drain: seconds({ least: 0, most: 3600 }).optional(),
  logLevel,
});
export type AgentSettings = z.infer<typeof agentSettings>;

export const agentBindings: readonly Binding[] = [
  { option: 'node', key: ['node'] },
  { option: 'to', key: ['to'] },
  { option: 'forward', key: ['forward'] },
  { option: 'label', key: ['labels'], read: readPairs },
  { option: 'share', key: ['share'] },
  { option: 'hub', key: ['hub'], read: (value) => asUrl(String(value)) },
  { option: 'hub-ca', key: ['hubTls', 'ca'] },
  { option: 'hub-insecure', key: ['hubTls', 'insecure'] },
  { option: 'token', key: ['token'] },
  { option: 'token-file', key: ['tokenFile'] },
  { option: 'nats', key: ['nats'] },
  { option: 'to-ca', key: ['toTls', 'ca'] },
  { option: 'to-cert', key: ['toTls', 'cert'] },
  { option: 'to-key', key: ['toTls', 'key'] },
  { option: 'to-server-name', key: ['toTls', 'serverName'] },
  { option: 'to-insecure', key: ['toTls', 'insecure'] },
  { option: 'data', key: ['data'] },
  { option: 'metrics', key: ['metrics'] },
  { option: 'connect-timeout', key: ['connectTimeout'] },
  { option: 'drain', key: ['drain'] },
  { option: 'log-level', key: ['logLevel'] },
];

/** `HOST:PORT`, as the other commands take it, is a URL too. */
export function asUrl(hub: string): string {
  return hub.includes('://') ? hub : `http://${hub}`;
}

/** The agent role's own configuration. */
export function agentConfigOf(
  settings: AgentSettings,
  found: { data: string; hub: string | undefined; token: string | undefined },
): AgentConfigInput {
  const { node, to, toTls, hubTls, forward, labels, share, nats, metrics, connectTimeout, drain } = settings;
  return {
    node,
    to,
    forward,
    labels,
    share,
    nats,
    data: found.data,
    ...(toTls && { toTls }),
    ...(hubTls && { hubTls }),
    ...(found.hub !== undefined && { hub: found.hub }),
    ...(found.token !== undefined && { token: found.token }),
    ...(metrics !== undefined && { metricsListen: metrics === 'off' ? '' : metrics }),
    ...(connectTimeout !== undefined && { connectTimeoutSeconds: connectTimeout }),
    ...(drain !== undefined && { drainSeconds: drain }),
  };
}
