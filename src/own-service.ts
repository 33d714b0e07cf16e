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
  /** Who may call it behind a hub; absent: the role `operate`, with a token that leaves no node out. */
  readonly access?: Access;
}

/** Who may call a service: tokens that are limited to some nodes may too, and the service looks what they cover. */
export interface Access {
  /** Roles of which a caller needs one, for a method such as `GetActor`. */
  readonly roles: (method: string) => readonly Role[];
}

/** The roles of callers, as tokens name them. */
export type Role = 'call' | 'join' | 'operate' | 'trace' | 'admin';

/** Who calls a service of ours that has an `access`: nobody can say so but who stands in front of it. */
export interface Visitor {
  /** Name of the caller. */
  readonly subject: string;
  /** They hold the role, or one that includes it. */
  readonly may: (role: Role) => boolean;
  /** Their token is about this node. */
  readonly covers: (node: string) => boolean;
  /** Their token leaves no node out. */
  readonly coversAll: boolean;
  /** Their token is good no more. A call that they make ends by itself then; what they leave behind does not. */
  readonly ended: () => boolean;
}

/** By the metadata of the call, which is an object of this process alone. */
const visitors = new WeakMap<Metadata, Visitor>();

/** Who makes the call with this metadata. Undefined: nobody stands in front of the service who could know. */
export function visitorOf(metadata: Metadata): Visitor | undefined {
  return visitors.get(metadata);
}

/** Under which name a service of ours that stands behind a hub is told who calls; whatever a caller says there is taken out. */
export const userField = 'x-postern-user';

/** Who stands in front of a service. */
export interface Guard {
  /** Who calls the method at `path`, or their name alone, by the metadata of the call. Throws for whoever may not. */
  readonly admit: (metadata: Metadata, path: string) => string | Visitor;
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
      const admitted = admit(call.metadata, path);
      if (typeof admitted !== 'string') visitors.set(call.metadata, admitted);
      call.metadata.set(userField, typeof admitted === 'string' ? admitted : admitted.subject);
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
