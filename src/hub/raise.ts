import { join } from 'node:path';
import { AssertionSigner } from '../auth/assertion.js';
import { loadOrCreateCallerKey } from '../auth/caller-tokens.js';
import { CallerVerifier } from '../auth/caller-verifier.js';
import { EnrolChallenge } from '../auth/enrol-challenge.js';
import { TrustedIssuer } from '../auth/issuers.js';
import { stores } from '../bus/subjects.js';
import { errorText, PosternError } from '../errors.js';
import { listenFront } from '../wire/listener.js';
import { listenMetrics } from '../wire/metrics-listener.js';
import { TlsIdentity } from '../wire/tls-identity.js';
import { activityServices } from './activity/services.js';
import { startActivity } from './activity/start.js';
import { keepAdminToken } from './admin-token.js';
import { FailedAttempts } from './attempts.js';
import { CallStats } from './call-stats.js';
import { CallTally } from './calls/tally.js';
import { tellCalls } from './calls/teller.js';
import { type HubConfig, type HubConfigInput, readHubConfig } from './config.js';
import { Authentication } from './door/authentication.js';
import { isPlainCall } from './door/call-kinds.js';
import { Entrance } from './door/entrance.js';
import { FrontDoor } from './door/front-door.js';
import { Gate } from './door/gate.js';
import { WebDoor } from './door/grpc-web.js';
import { HttpDoor } from './door/http-door.js';
import { asserted } from './door/identity-headers.js';
import { OpenCalls } from './door/open-calls.js';
import { EndedSessions } from './ended-sessions.js';
import { Enrolment } from './enrol.js';
import { joinFleet } from './fleet.js';
import { forwardDoor } from './forward/door.js';
import type { HubDeps, HubReady, RunningHub } from './hub.js';
import { leaveHubInstance, makeHubInstance, takeHubInstance } from './hub-instance.js';
import { Limiter } from './limits/limiter.js';
import { NodeBandwidth } from './limits/node-bandwidth.js';
import { openUploads } from './logs/open.js';
import { callDuration, registerHubMetrics } from './metrics.js';
import { natsDoor } from './nats-door.js';
import { hubOperators } from './operators.js';
import { OwnHttp } from './own-http.js';
import { nodesService } from './own-nodes.js';
import { routesService } from './own-routes.js';
import { startOwnServices } from './own-services.js';
import { tokensService } from './own-tokens.js';
import { Readiness } from './readiness.js';
import { NodeRegistry } from './registry.js';
import { reloader } from './reload.js';
import { ResultsKeeper } from './results/keeper.js';
import { Revocations } from './revocations.js';
import { LiveRoutes } from './routes/live-routes.js';
import { TokenRegistry } from './tokens.js';
import { openTunnels } from './tunnels/open.js';
import { Undo } from './undo.js';
import { upgradeListener } from './upgrades.js';
import { Webhooks } from './webhooks/webhooks.js';

/** What the registry held has to be read within this time, in milliseconds. */
const mirrorWithinMs = 60_000;
const housekeepingEveryMs = 3_600_000;
/** A hub that stops takes so long to tell webhooks what they were not told yet, in milliseconds. */
const webhooksDrainMs = 5_000;

/** A hub that is up. */
export type RaisedHub = HubReady & Pick<RunningHub, 'operators' | 'reload' | 'stop'>;

/** Raises all parts of a hub in order. When one fails, those before it are taken down again. */
export async function raiseHub(config: HubConfigInput, deps: HubDeps): Promise<RaisedHub> {
  const read = readHubConfig(config);
  const undo = new Undo(deps.log);
  try {
    return await raise(read, deps, undo);
  } catch (thrown) {
    await undo.all();
    throw thrown;
  }
}

async function raise(config: HubConfig, deps: HubDeps, undo: Undo): Promise<RaisedHub> {
  const { bus } = deps;
  const startedAtMs = Date.now();
  const key = await loadOrCreateCallerKey(join(config.data, 'keys'));
  const self = deps.hubInstance ?? makeHubInstance();
  const log = deps.log.child({ hub: self });
  const readiness = new Readiness(bus);

  const registry = new NodeRegistry(await bus.store(stores.nodes));
  undo.add(() => registry.stop());
  const tokens = new TokenRegistry(await bus.store(stores.tokens));
  undo.add(() => tokens.stop());
  // The hub's own tokens are of no session: where it takes no others, the server needs no room for those that are over.
  const others = config.issuers.length > 0;
  const sessions = others ? new EndedSessions(await bus.store(stores.accountEnds)) : undefined;
  undo.add(() => sessions?.stop());
  await within(mirrorWithinMs, Promise.all([registry.ready, tokens.ready, sessions?.ready]));

  const issuers = config.issuers.map((issuer) => new TrustedIssuer(issuer, { log }));
  // Not waited for: a hub has to start while an issuer is away.
  for (const { keys } of issuers) void keys.refresh();
  const verifier = new CallerVerifier({
    publicKey: key.publicKey,
    retired: key.retired,
    issuers,
    isRevoked: (id) => tokens.isRevoked(id),
    isOver: (session) => sessions?.isOver(session) ?? false,
  });
  const keepHouse = async () => {
    await keepAdminToken({ data: config.data, key, verifier, tokens });
    await tokens.sweep(Date.now());
  };
  await keepHouse();
  const housekeeping = setInterval(() => {
    keepHouse().catch((thrown: unknown) => log.warn({ err: errorText(thrown) }, 'housekeeping failed'));
  }, housekeepingEveryMs);
  housekeeping.unref();
  undo.add(() => clearInterval(housekeeping));

  const version = deps.version ?? 'unknown';
  const { predecessor, endedWell, giveBack } = await takeHubInstance(config.data, self);
  const activity = startActivity({ bus, hub: self, log }, undo);
  let up = false;
  // What cannot start is nobody whose end could be missing.
  undo.add(async () => {
    if (!up && (await activity.finish())) await giveBack();
  });
  const { attendance } = activity;
  const webhooks = new Webhooks({ hub: self, version, log, metrics: deps.metrics });
  undo.add(() => webhooks.stop());
  (await webhooks.prepare(config.webhooks))();
  const { perNode } = config.limits;
  const bandwidth = perNode.length === 0 ? undefined : new NodeBandwidth(perNode);
  const fleet = joinFleet(
    { bus, registry, readiness, hub: self, predecessor, version, attendance, log, bandwidth },
    undo,
  );
  const tally = new CallTally(self);
  undo.add(tellCalls(tally, { bus, hub: self, log }));
  const stats = new CallStats(log, callDuration(deps.metrics), activity.calls, tally);
  const { nodes } = fleet;
  nodes.onTransition((...heard) => webhooks.heard(...heard));
  activity.joined(fleet.lives, endedWell ? undefined : predecessor);
  undo.add(registerHubMetrics(deps.metrics, { nodes, stats, traffic: fleet.traffic, readiness }));

  if (deps.revokeOnBus !== undefined) {
    const revocations = new Revocations({ registry, tell: deps.revokeOnBus, log });
    undo.add(() => revocations.stop());
    undo.add(bus.onStatus(({ type }) => type === 'reconnected' && revocations.reconnected()));
    revocations.start();
  }

  const results = new ResultsKeeper({ bus, log });
  undo.add(() => results.stop());
  results.start();

  const authentication = new Authentication(verifier);
  const uploads = await openUploads(config.logs, { bus, authentication, verifier, nodes, log }, undo);

  const nats = [...config.natsPipe, ...config.natsAdvertise];
  const routes = await LiveRoutes.load({ ...config, domain: config.domain, nats }, log);
  undo.add(() => routes.stop());
  const own = startOwnServices(
    {
      nodes: nodesService(nodes, (instance) => tunnels?.roundTripMs(instance), activity.operated, log),
      tokens: tokensService(tokens, nodes, key, log),
      routes: routesService(routes, nodes, config.listen, log),
      ...activityServices(bus, nodes, log),
    },
    [...(deps.services ?? []), uploads.service],
    nodes,
    verifier,
    log,
  );
  undo.add(() => own.stop());
  const open = new OpenCalls(verifier);
  undo.add(() => open.stop());
  const signer = new AssertionSigner(key);
  const identityHeaders = asserted(signer);
  const { router } = routes;
  const limiter = new Limiter(config.limits.perCaller);
  const entrance = new Entrance({ stats, open, limiter, tracing: deps.tracing });
  const gate = new Gate({ router, authentication, nodes, own: own.target, identityHeaders, entrance });
  const frontDoor = new FrontDoor(gate, stats);
  const http = new HttpDoor({ router, authentication, signer, identityHeaders, stats, open, entrance, log });
  undo.add(() => http.close());
  const web = new WebDoor({ gate, stats, router, cors: config.cors });
  const enrolment = new Enrolment({
    challenge: new EnrolChallenge(key.derive('postern-enrol')),
    authority: deps.authority,
    registry,
    tokens,
    nats: config.natsAdvertise,
    ...(config.natsPipe.length === 0 ? {} : { natsPath: '/nats' }),
    ttlSeconds: config.credentialTtlSeconds,
    log,
  });
  const notReady = () => readiness.notReady;
  const attempts = new FailedAttempts();
  const tunnels = openTunnels(
    config,
    { ...deps, log },
    { fleet, enrolment, registry, attempts, notReady, hub: self },
  );
  undo.add(() => tunnels?.stop());
  const tls = config.tls === undefined ? undefined : await TlsIdentity.load(config.tls, log);
  undo.add(() => tls?.stop());
  const natsWay = config.natsPipe.length === 0 ? undefined : natsDoor(config.natsPipe, log);
  const { connectionsPerAddress } = config.limits;
  const ownHttp = new OwnHttp({ enrolment, attempts, notReady, startedAtMs, pages: deps.pages ?? [], log });
  const front = await listenFront({
    addresses: config.listen,
    ...(tls === undefined ? {} : { tls }),
    trustedProxies: config.trustedProxies,
    ...(connectionsPerAddress === undefined ? {} : { limits: { connectionsPerAddress } }),
    onStream: (stream, headers, rawHeaders, listener) => {
      const taken =
        !isPlainCall(headers) &&
        (http.takeHttp2(stream, headers, rawHeaders, listener) ||
          web.takeHttp2(stream, headers, rawHeaders, listener) ||
          uploads.door.takeHttp2(stream, headers, rawHeaders) ||
          ownHttp.takeHttp2(stream, headers));
      if (taken) return;
      frontDoor.handle(stream, headers, rawHeaders, listener);
    },
    onHttp1: (request, response, listener, unbound) => {
      if (http.takeHttp1(request, response, listener, unbound)) return;
      if (web.takeHttp1(request, response, listener, unbound)) return;
      if (uploads.door.takeHttp1(request, response, unbound)) return;
      ownHttp.handleHttp1(request, response);
    },
    onForward: forwardDoor(gate, log),
    onUpgrade: upgradeListener(
      {
        ...(tunnels === undefined ? {} : { '/ws': tunnels.upgrade }),
        ...(natsWay === undefined ? {} : { '/nats': natsWay.upgrade }),
        ...Object.fromEntries((deps.sockets ?? []).map(({ path, take }) => [path, take])),
      },
      (request, socket, head, listener) => http.takeUpgrade(request, socket, head, listener),
    ),
    log,
  });
  undo.add(() => front.close());
  const metrics =
    config.metricsListen === '' ? undefined : await listenMetrics(config.metricsListen, deps.metrics);
  if (metrics !== undefined) undo.add(() => metrics.close());
  routes.bound(front.addresses, metrics?.address);

  readiness.serving(registry);
  own.setServing(true);
  up = true;
  log.info({ listen: front.addresses, metrics: metrics?.address }, 'the hub is ready');
  return {
    listen: [...front.addresses],
    metrics: metrics?.address,
    processes: {
      lives: (node, boot) => {
        const view = nodes.view(node);
        for (const instance of view?.instances.values() ?? []) {
          if (instance.entry.boot === boot && view?.standing(instance) !== undefined) return true;
        }
        return false;
      },
      onChange: (listener) => nodes.onChange(listener),
    },
    operators: hubOperators({ nodes, registry, told: activity.operated }),
    reload: reloader(config, { routes, tls, webhooks }),
    stop: async () => {
      readiness.stopping();
      own.setServing(false);
      await fleet.retire();
      const told = webhooks.drain(webhooksDrainMs);
      // Who looks on at the nodes does so for ever, and shall not hold the hub up.
      const graceMs = config.drainSeconds * 1000;
      const drained = front.drain(graceMs);
      // Calls may go to nodes whose agents are on the bus by way of this hub.
      const callsOver = nodes.callsOver(graceMs).then(() => natsWay?.close());
      await Promise.all([drained, callsOver, own.drain(), tunnels?.drain(graceMs), told]);
      if (await activity.finish()) await leaveHubInstance(config.data, self).catch(() => {});
      await undo.all();
      log.info('the hub has stopped');
    },
  };
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new PosternError('STORE_UNAVAILABLE', 'the registry of nodes could not be read in time', {
          hint: 'look at the NATS server: JetStream has to be on and healthy',
        }),
      );
    }, ms);
  });
  try {
    await Promise.race([work, bound]);
  } finally {
    clearTimeout(timer);
  }
}
