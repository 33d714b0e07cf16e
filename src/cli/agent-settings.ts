import { z } from 'zod';
import { type AgentConfigInput, agentConfig, nothingToServe } from '../agent/config.js';
import { processConfig } from '../agent/supervise/config.js';
import { commandWords } from './command-words.js';
import { infraBindings, infraOf, infraSettings } from './infra-settings.js';
import { logLevel, metricsAddress, readPairs, seconds } from './setting-schemas.js';
import type { Binding } from './settings.js';

const { shape } = agentConfig;

/** The process that an agent supervises, as a `--config` file writes it. */
const processSettings = z.strictObject({
  command: processConfig.shape.command,
  directory: processConfig.shape.directory,
  environment: processConfig.shape.environment,
  grace: seconds({ least: 0, most: 3600 }).optional(),
  settle: seconds({ least: 0, most: 300 }).optional(),
});

const all = z.strictObject({
  node: shape.node,
  to: shape.to,
  fluentd: processSettings.optional(),
  daemon: shape.daemon,
  infra: infraSettings.optional(),
  infraDaemons: shape.infraDaemons,
  infraTokenServers: shape.infraTokenServers,
  daemonRelays: shape.daemonRelays,
  daemonAddresses: shape.daemonAddresses,
  /** The longest that a fault may last. */
  longestFault: seconds({ least: 0.1, most: 3600 }).optional(),
  reliabilitySeed: shape.reliabilitySeed,
  toTls: shape.toTls,
  forward: shape.forward,
  logs: shape.logs,
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

/** What `postern agent` can be told, as a `--config` file writes it. */
export const agentSettings = all.refine(
  ({ to, fluentd, daemon, logs }) =>
    to.length > 0 || fluentd !== undefined || daemon !== undefined || logs.length > 0,
  {
    path: ['to'],
    error: nothingToServe,
    when: ({ value }) =>
      typeof value === 'object' && value !== null && 'to' in value && Array.isArray(value.to),
  },
);
export type AgentSettings = z.infer<typeof agentSettings>;

export const agentBindings: readonly Binding[] = [
  { option: 'node', key: ['node'] },
  { option: 'to', key: ['to'] },
  { option: 'fluentd', key: ['fluentd', 'command'], read: (value) => commandWords(String(value)) },
  { option: 'fluentd-directory', key: ['fluentd', 'directory'] },
  { option: 'fluentd-env', key: ['fluentd', 'environment'], read: readPairs },
  { option: 'fluentd-grace', key: ['fluentd', 'grace'] },
  { option: 'fluentd-settle', key: ['fluentd', 'settle'] },
  { option: 'daemon', key: ['daemon'] },
  ...infraBindings,
  { option: 'infra-daemon', key: ['infraDaemons'] },
  { option: 'infra-token-server', key: ['infraTokenServers'] },
  { option: 'daemon-relay', key: ['daemonRelays'] },
  { option: 'daemon-address', key: ['daemonAddresses'] },
  { option: 'longest-fault', key: ['longestFault'] },
  { option: 'reliability-seed', key: ['reliabilitySeed'] },
  { option: 'forward', key: ['forward'] },
  { option: 'logs', key: ['logs'] },
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
  const {
    node,
    to,
    fluentd,
    daemon,
    infra,
    infraDaemons,
    infraTokenServers,
    daemonRelays,
    daemonAddresses,
    longestFault,
    reliabilitySeed,
    toTls,
    hubTls,
    forward,
    logs,
    labels,
    share,
    nats,
    metrics,
    connectTimeout,
    drain,
  } = settings;
  return {
    node,
    to,
    forward,
    logs,
    labels,
    share,
    nats,
    data: found.data,
    ...(fluentd && { process: processOf(fluentd) }),
    ...(daemon !== undefined && { daemon, ...infraOf(infra) }),
    infraDaemons,
    infraTokenServers,
    daemonRelays,
    daemonAddresses,
    ...(longestFault !== undefined && { longestFaultSeconds: longestFault }),
    ...(reliabilitySeed !== undefined && { reliabilitySeed }),
    ...(toTls && { toTls }),
    ...(hubTls && { hubTls }),
    ...(found.hub !== undefined && { hub: found.hub }),
    ...(found.token !== undefined && { token: found.token }),
    ...(metrics !== undefined && { metricsListen: metrics === 'off' ? '' : metrics }),
    ...(connectTimeout !== undefined && { connectTimeoutSeconds: connectTimeout }),
    ...(drain !== undefined && { drainSeconds: drain }),
  };
}

function processOf(settings: NonNullable<AgentSettings['fluentd']>): AgentConfigInput['process'] {
  const { command, directory, environment, grace, settle } = settings;
  return {
    command,
    environment,
    ...(directory !== undefined && { directory }),
    ...(grace !== undefined && { graceSeconds: grace }),
    ...(settle !== undefined && { settleSeconds: settle }),
  };
}
