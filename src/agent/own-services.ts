import { readFileSync } from 'node:fs';
import { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { type FluentdServer, FluentdService } from '../gen/external/fluentd.js';
import { addReflection } from '../grpc-reflection.js';
import type { Logger } from '../log.js';
import { type InProcessServer, inProcessServer } from '../wire/in-process-server.js';

/** The agent's own gRPC services, in this process, with health and reflection. */
export function startOwnServices(fluentd: FluentdServer, log: Logger): InProcessServer {
  const server = new Server({ 'grpc.enable_channelz': 0 });
  server.addService(FluentdService, fluentd);
  new HealthImplementation({ '': 'SERVING', 'external.Fluentd': 'SERVING' }).addToServer(server);
  // Written beside the generated code at build time.
  addReflection(server, readFileSync(new URL('../gen/descriptors.binpb', import.meta.url)), [FluentdService]);
  return inProcessServer(server, "the agent's own services", log);
}
