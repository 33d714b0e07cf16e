import { readFileSync } from 'node:fs';
import { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { CallerVerifier } from '../auth/caller-verifier.js';
import { type ActivityServer, ActivityService } from '../gen/internal/activity.js';
import { type HubServer, HubService } from '../gen/internal/hub.js';
import { type NodesServiceServer, NodesServiceService } from '../gen/postern/v1/nodes.js';
import { type RoutesServiceServer, RoutesServiceService } from '../gen/postern/v1/routes.js';
import { type TokensServiceServer, TokensServiceService } from '../gen/postern/v1/tokens.js';
import { addReflection } from '../grpc-reflection.js';
import type { Logger } from '../log.js';
import type { OwnService } from '../own-service.js';
import type { Http2Upstream } from '../wire/http2-upstream.js';
import { inProcessServer } from '../wire/in-process-server.js';
import { guarded } from './guarded-service.js';
import type { Nodes } from './nodes.js';

/** The hub's own gRPC services, in this process. */
export interface OwnServices {
  readonly target: Http2Upstream;
  /** What the health service says of the hub. */
  setServing(serving: boolean): void;
  /** Takes no more calls and ends those that look on without end; resolves when none is open. */
  drain(): Promise<void>;
  stop(): void;
}

/** So long the open calls may go on when the hub stops, in milliseconds. */
const drainMs = 2_000;

/** Only what the front door lets through gets here: there is no address to connect to. */
export function startOwnServices(
  services: {
    nodes: NodesServiceServer;
    tokens: TokensServiceServer;
    routes: RoutesServiceServer;
    hub: HubServer;
    activity: ActivityServer;
  },
  /** Services of others in this process. */
  others: readonly OwnService[],
  nodes: Pick<Nodes, 'view'>,
  verifier: Pick<CallerVerifier, 'ended'>,
  log: Logger,
): OwnServices {
  const server = new Server({ 'grpc.enable_channelz': 0 });
  server.addService(NodesServiceService, services.nodes);
  server.addService(TokensServiceService, services.tokens);
  server.addService(RoutesServiceService, services.routes);
  server.addService(HubService, services.hub);
  server.addService(ActivityService, services.activity);
  for (const service of others) server.addService(service.definition, guarded(service, nodes, verifier, log));
  const health = new HealthImplementation({ '': 'NOT_SERVING' });
  health.addToServer(server);
  // Written beside the generated code at build time.
  addReflection(server, readFileSync(new URL('../gen/descriptors.binpb', import.meta.url)), [
    NodesServiceService,
    TokensServiceService,
    RoutesServiceService,
    HubService,
    ActivityService,
    ...others.map(({ definition }) => definition),
  ]);
  const { target, stop } = inProcessServer(server, "the hub's own services", log);
  return {
    target,
    setServing: (serving) => health.setStatus('', serving ? 'SERVING' : 'NOT_SERVING'),
    drain: () => target.drain(drainMs),
    stop,
  };
}
