import { readFileSync } from 'node:fs';
import {
  Server,
  type ServerOptions,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { addReflection } from '../grpc-reflection.js';
import type { Logger } from '../log.js';
import { type InProcessServer, inProcessServer } from '../wire/in-process-server.js';

/** A gRPC service that an agent serves itself. */
export interface OwnService {
  /** `package.Service`. */
  readonly name: string;
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

/** The agent's own gRPC services, in this process, with health and reflection. */
export function startOwnServices(services: readonly OwnService[], log: Logger): InProcessServer {
  return inProcessServer(ownServer(services), "the agent's own services", log);
}

/** A server of these services, of health and of reflection, that listens nowhere yet. */
export function ownServer(services: readonly OwnService[], options: ServerOptions = {}): Server {
  const server = new Server({ 'grpc.enable_channelz': 0, ...options });
  for (const { definition, implementation } of services) server.addService(definition, implementation);
  const serving = services.map(({ name }) => [name, 'SERVING'] as const);
  new HealthImplementation({ '': 'SERVING', ...Object.fromEntries(serving) }).addToServer(server);
  // Written beside the generated code at build time.
  const descriptors = readFileSync(new URL('../gen/descriptors.binpb', import.meta.url));
  addReflection(
    server,
    descriptors,
    services.map(({ definition }) => definition),
  );
  return server;
}
