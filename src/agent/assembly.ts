import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { LinkSnapshot } from '../../machines/link.js';
import { connectBus } from '../bus/connect.js';
import type { UserKey } from '../bus/nkeys.js';
import { PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import { Serving } from '../rpc/serving.js';
import { listenMetrics } from '../wire/metrics-listener.js';
import { type AgentConfig, type AgentConfigInput, agentConfig } from './config.js';
import { Credentials } from './credentials.js';
import { enrol, refusalHint } from './enrol.js';
import { loadOrCreateKey } from './key.js';
import type { AgentDeps, AgentEnd, AgentReady } from './life.js';
import { AgentLink } from './link.js';
import { registerAgentMetrics } from './metrics.js';
import { loadTls } from './tls-files.js';
import { parseUpstreams } from './upstream-spec.js';
import { Upstreams } from './upstreams.js';
import { WatchedCalls } from './watched-calls.js';

/** Reads what the agent needs from its files, and builds it up to its link, which is not started yet. */
export async function assembleAgent(
  input: AgentConfigInput,
  deps: AgentDeps,
  told: { online: (place: AgentReady) => void; ended: (end: AgentEnd) => void },
): Promise<AgentLink> {
  const config = validated(input);
  const { node } = config;
  const log = deps.log.child({ node });
  const connectTimeoutMs = config.connectTimeoutSeconds * 1000;
  const specs = parseUpstreams(config.to);
  const [key, tls] = await Promise.all([loadOrCreateKey(config.data, node), loadTls(config.toTls)]);

  const upstreams = new Upstreams({ node, specs, tls, connectTimeoutMs, log });
  const serving = new Serving({
    node,
    target: new WatchedCalls(upstreams, log, deps.metrics),
    heard: () => link.hubPinged(),
    log,
  });
  const credentials = new Credentials({
    seed: key.seed,
    enrol: (signal) =>
      enrol({ hub: config.hub, node, key, token: config.token, timeoutMs: connectTimeoutMs, signal }),
    failed: ({ code, message }) => {
      if (code === 'REVOKED') link.send({ type: 'NOTICED_REVOKED', message });
    },
    log,
  });
  registerAgentMetrics(deps.metrics, { serving, upstreams });
  const metrics =
    config.metricsListen === '' ? undefined : await listenMetrics(config.metricsListen, deps.metrics);
  const link: AgentLink = new AgentLink({
    ask: {
      node,
      key: key.publicKey,
      boot: randomBytes(9).toString('base64url'),
      version: deps.version,
      share: config.share,
      labels: config.labels,
      services: specs.some(({ prefix }) => prefix === '') ? [] : specs.map(({ prefix }) => prefix),
    },
    ways: waysOut(config),
    connect: (way, signal) => connect({ config, deps, credentials, key, way, signal, log }),
    refused: () => credentials.refused(),
    serving,
    dialLimitMs: connectTimeoutMs * 3,
    drainMs: config.drainSeconds * 1000,
    hungUp: () => {
      credentials.stop();
      upstreams.close();
      const end = endOf(link.snapshot(), node);
      void Promise.resolve(metrics?.close()).then(() => told.ended(end));
    },
    log,
  });
  link.onTransition((snapshot) => {
    const { instance, hub } = snapshot.context;
    if (snapshot.matches('online') && instance !== undefined && hub !== undefined) {
      void serving.reachable().then(() => told.online({ node, instance, hub, metrics: metrics?.address }));
    }
  });
  return link;
}

/** Names of the ways out, as logs and transitions show them: without a user's name or password. */
function waysOut({ nats, hub }: AgentConfig): string[] {
  const origin = (text: string) => {
    const { protocol, host } = new URL(text);
    return `${protocol}//${host}`;
  };
  return nats.length > 0 ? nats.map(origin) : [`as told by ${origin(hub)}`];
}

function validated(input: AgentConfigInput): AgentConfig {
  const checked = agentConfig.safeParse(input);
  if (checked.success) return checked.data;
  throw new PosternError(
    'CONFIG_INVALID',
    `the agent cannot be started like this:\n${z.prettifyError(checked.error)}`,
    {
      exitCode: 2,
    },
  );
}

/** Connects to the bus on a way out; `nats` of the configuration goes before what the hub tells. */
async function connect(options: {
  config: AgentConfig;
  deps: AgentDeps;
  credentials: Credentials;
  key: UserKey;
  way: number;
  signal: AbortSignal;
  log: Logger;
}) {
  const { config, credentials, key, way, signal } = options;
  await credentials.ensure(signal);
  const given = config.nats[way];
  const servers = given === undefined ? credentials.nats : [given];
  if (servers.length === 0) {
    throw new PosternError('BUS_UNKNOWN', `the hub at ${config.hub} does not tell where the bus is`, {
      hint: 'give the URL of the bus with --nats nats://HOST:PORT',
    });
  }
  try {
    return await connectBus({
      servers,
      identity: { role: 'agent', node: config.node, publicKey: key.publicKey },
      credentials: () => credentials.current(),
      name: `agent ${config.node}`,
      log: options.log,
      metrics: options.deps.metrics,
      firstConnect: 'fail',
      timeoutMs: config.connectTimeoutSeconds * 1000,
      signal,
    });
  } catch (thrown) {
    if (thrown instanceof PosternError && thrown.code === 'BUS_REFUSED') credentials.refused();
    throw thrown;
  }
}

function endOf({ context }: LinkSnapshot, node: string): AgentEnd {
  const { end, lastError } = context;
  if (end === 'stopped') return { reason: 'stopped', error: undefined };
  const { code, message } = lastError ?? { code: 'LINK_FAILED', message: 'the link of the agent failed' };
  const error = new PosternError(code, `node '${node}': ${message}`, { hint: refusalHint(code, node) });
  return { reason: end ?? 'failed', error };
}
