import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';

/** A gRPC service that a process of ours serves itself. */
export interface OwnService {
  /** `package.Service`. */
  readonly name: string;
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

/** Under which name a service of ours that stands behind a hub is told who calls; whatever a caller says there is taken out. */
export const userField = 'x-postern-user';
