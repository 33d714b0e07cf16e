import type {
  Metadata,
  ServiceDefinition,
  StatusObject,
  UntypedHandleCall,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';

/** A gRPC service that a process of ours serves itself. */
export interface OwnService {
  /** `package.Service`. */
  readonly name: string;
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

/** Under which name a service of ours that stands behind a hub is told who calls; whatever a caller says there is taken out. */
export const userField = 'x-postern-user';

/** Who stands in front of a service. */
export interface Guard {
  /** The name of who calls the method at `path`, by the metadata of the call. Throws for whoever may not. */
  readonly admit: (metadata: Metadata, path: string) => string;
  /** What they are told who may not. */
  readonly refusal: (thrown: unknown) => Pick<StatusObject, 'code' | 'details'>;
}

/** As much as there is in common of what grpc-js hands to methods of all kinds. */
interface AnyCall {
  readonly metadata: Metadata;
  emit(event: 'error', error: unknown): boolean;
}

/** The methods of a service, for those alone whom the guard admits; they are told the name that it gives. */
export function guardedBy(
  guard: Guard,
  { implementation, definition }: Pick<OwnService, 'implementation' | 'definition'>,
): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(implementation).map(([method, handle]) => [
      method,
      guardedMethod(guard, handle, definition[method]?.path ?? ''),
    ]),
  );
}

function guardedMethod(
  { admit, refusal }: Guard,
  handle: UntypedHandleCall,
  path: string,
): UntypedHandleCall {
  return (call: AnyCall, ...rest: unknown[]) => {
    try {
      call.metadata.set(userField, admit(call.metadata, path));
    } catch (thrown) {
      const [callback] = rest;
      const error = refusal(thrown);
      if (typeof callback === 'function') callback(error);
      else call.emit('error', error);
      return;
    }
    Reflect.apply(handle, undefined, [call, ...rest]);
  };
}
