import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { LinkSnapshot } from '../../machines/link.js';
import { loadOrCreateKey } from '../auth/node-key.js';
import { refusalHint } from '../auth/refusal-hint.js';
import { PosternError } from '../errors.js';
import { Serving } from '../rpc/serving.js';
import { tracedCalls } from '../tracing/traced-calls.js';
import { parseAddress } from '../wire/address.js';
import { Gate } from '../wire/gate.js';
import { listenMetrics } from '../wire/metrics-listener.js';
import { type AgentConfig, type AgentConfigInput, agentConfig } from './config.js';
import { Credentials } from './credentials.js';
import { answerDescriptions } from './described.js';
import { enrol } from './enrol.js';
import { HubPlaces } from './faults/hub-places.js';
import { Forwards } from './forwards.js';
import type { AgentDeps, AgentEnd, AgentReady } from './life.js';
import { AgentLink } from './link.js';
import { registerAgentMetrics } from './metrics.js';
import { linkKind } from './operate/link-kind.js';
import { OperateDesk } from './operate/operate-desk.js';
import { OwnCalls, ownPrefixes } from './own-calls.js';
import { parseRelays } from './relay-spec.js';
import { superviseProcess } from './supervised.js';
import { loadOutbound, loadTls } from './tls-files.js';
import { Transitions } from './transitions.js';
import { parseUpstreams } from './upstream-spec.js';
import { Upstreams } from './upstreams.js';
import { WatchedCalls } from './watched-calls.js';
import { WaysOut } from './ways.js';

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
  const gate = new Gate();
  const [key, tls, trust] = await Promise.all([
    loadOrCreateKey(config.data, node),
    loadTls(config.toTls),
    loadOutbound(config.hubTls),
  ]);

  const outbound = { ...trust, gate };
  // What the hub tells is known later.
  let toldServers: () => readonly string[] = () => [];
  const places = new HubPlaces(gate, [config.hub, ...config.nats], () => toldServers());
  const boot = randomBytes(9).toString('base64url');
  const transitions = new Transitions();
  const alone = specs.every(({ prefix }) => prefix !== '');
  const supervised =
    config.process &&
    superviseProcess({
      config: config.process,
      node,
      boot,
      key: key.publicKey,
      publish: (transition) => transitions.publish('process', { node, boot }, transition),
      log,
    });
  // Most agents have no daemon and no services: they start faster without the code for it.
  const rehearsal =
    config.daemon === undefined
      ? undefined
      : await (await import('./rehearsal.js')).rehearse({
          daemon: config.daemon,
          infraDaemons: config.infraDaemons,
          reliabilitySeed: config.reliabilitySeed,
          node,
          key: key.publicKey,
          directory: join(config.data, 'agent', node),
          boot,
          version: deps.version,
          transitions,
          places,
          supervised: supervised?.daemon,
          faults: {
            relays: parseRelays(config.daemonRelays),
            addresses: config.daemonAddresses,
            longestMs: config.longestFaultSeconds * 1_000,
          },
          log,
        });
  const logs =
    config.logs.length === 0 && rehearsal === undefined
      ? undefined
      : (await import('./logs/agent-logs.js')).agentLogs({
          logs: config.logs,
          data: config.data,
          node,
          key: key.publicKey,
          secrets: [config.toTls?.key, config.infra?.tokenFile, config.infra?.tls?.key],
          results: rehearsal && (() => rehearsal.work.listTests({ run: '' }, new AbortController().signal)),
          log,
        });
  const infra =
    rehearsal &&
    (await (
      await import('./infra/infra.js')
    ).openInfra({
      directory: join(config.data, 'agent', node, 'infra'),
      rehearsal,
      uploads: logs?.uploads,
      tokenServers: config.infraTokenServers,
      listen: config.infra,
      log,
    }));
  const services = [
    supervised?.service,
    ...(rehearsal?.services ?? []),
    logs?.service,
    ...(infra?.services ?? []),
  ].filter((one) => one !== undefined);
  const own =
    services.length === 0 ? undefined : (await import('./own-services.js')).startOwnServices(services, log);
  const upstreams = new Upstreams({ node, specs, tls, connectTimeoutMs, log });
  const forwards = new Forwards({
    calls: own === undefined ? upstreams : new OwnCalls(own.target, services, upstreams),
    node,
    allowed: [...specs.map((spec) => spec.address), ...config.forward.map((text) => parseAddress(text))],
    connectTimeoutMs,
    log,
  });
  const traced = tracedCalls(forwards, deps.tracing, () => ({
    node,
    instance: link.snapshot().context.instance,
  }));
  const serving = new Serving({
    node,
    target: new WatchedCalls(traced, log, deps.metrics),
    heard: () => link.hubPinged(),
    log,
  });
  const credentials = new Credentials({
    seed: key.seed,
    enrol: (signal) =>
      enrol({
        hub: config.hub,
        node,
        key,
        token: config.token,
        timeoutMs: connectTimeoutMs,
        signal,
        outbound,
      }),
    failed: ({ code, message }) => {
      if (code === 'REVOKED') link.send({ type: 'NOTICED_REVOKED', message });
    },
    log,
  });
  toldServers = () => credentials.told;
  const ways = new WaysOut({
    config,
    credentials,
    publicKey: key.publicKey,
    outbound,
    metrics: deps.metrics,
    log,
  });
  registerAgentMetrics(deps.metrics, { node, serving, upstreams, link: () => link.snapshot() });
  const metrics =
    config.metricsListen === '' ? undefined : await listenMetrics(config.metricsListen, deps.metrics);
  const link: AgentLink = new AgentLink({
    ask: {
      node,
      key: key.publicKey,
      boot,
      version: deps.version,
      share: config.share,
      labels: config.labels,
      services: alone ? [...specs.map(({ prefix }) => prefix), ...ownPrefixes(services)] : [],
    },
    ways: ways.names,
    transport: (way) => ways.transport(way),
    connect: (way, signal) => ways.connect(way, signal),
    refused: () => credentials.refused(),
    serving,
    transitions,
    listen: (bus) => {
      const stops = [desk.listen(bus), answerDescriptions(bus, { node, key: key.publicKey })];
      return () => {
        for (const stop of stops) stop();
      };
    },
    dialLimitMs: connectTimeoutMs * 3,
    drainMs: config.drainSeconds * 1000,
    endOthers: async () => {
      await infra?.close();
      await Promise.all([supervised?.close(), rehearsal?.close()]);
    },
    hungUp: () => {
      credentials.stop();
      ways.stop();
      upstreams.close();
      forwards.close();
      const end = endOf(link.snapshot(), node);
      void Promise.resolve(metrics?.close()).then(() => {
        own?.stop();
        told.ended(end);
      });
    },
    log,
  });
  const desk = new OperateDesk({
    node,
    key: key.publicKey,
    boot,
    kinds: [
      linkKind(`${node}.${boot}`, link),
      ...(supervised === undefined ? [] : [supervised.operable]),
      ...(rehearsal?.operables ?? []),
    ],
    log,
  });
  link.onTransition((snapshot) => {
    const { instance, hub } = snapshot.context;
    const bus = snapshot.matches('online') || snapshot.matches('draining') ? link.bus : undefined;
    rehearsal?.hub(bus);
    logs?.hub(bus);
    if (snapshot.matches('draining')) supervised?.drain(config.drainSeconds * 1000);
    if (snapshot.matches('online') && instance !== undefined && hub !== undefined) {
      void serving
        .reachable()
        .then(() => told.online({ node, instance, hub, metrics: metrics?.address, infra: infra?.address }));
    }
  });
  return link;
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

/** Exit status of an agent that its hub turns away: as of a call that ended with UNAUTHENTICATED. */
const turnedAwayStatus = 80;

function endOf({ context }: LinkSnapshot, node: string): AgentEnd {
  const { end, lastError } = context;
  if (end === 'stopped') return { reason: 'stopped', error: undefined };
  const { code, message } = lastError ?? { code: 'LINK_FAILED', message: 'the link of the agent failed' };
  // Nothing that ends a link for good becomes better by starting the agent again.
  const exitCode = end === undefined ? 1 : turnedAwayStatus;
  const error = new PosternError(code, `node '${node}': ${message}`, {
    hint: refusalHint(code, node),
    exitCode,
  });
  return { reason: end ?? 'failed', error };
}
