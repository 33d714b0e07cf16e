import type { Metadata, UntypedHandleCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Logger } from '../log.js';
import { userField } from '../own-service.js';
import { callerWith, serviceError } from './own-calls.js';

/** A service of another role, for callers with the role `operate`: it is told who calls, and nobody else can tell it so. */
export function guarded(
  implementation: UntypedServiceImplementation,
  log: Logger,
): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(implementation).map(([method, handle]) => [method, guardedMethod(handle, log)]),
  );
}

/** As much as there is in common of what grpc-js hands to methods of all kinds. */
interface AnyCall {
  readonly metadata: Metadata;
  emit(event: 'error', error: unknown): boolean;
}

function guardedMethod(handle: UntypedHandleCall, log: Logger): UntypedHandleCall {
  return (call: AnyCall, ...rest: unknown[]) => {
    try {
      const { subject } = callerWith('operate', call.metadata);
      call.metadata.set(userField, subject);
    } catch (thrown) {
      const [callback] = rest;
      const error = serviceError(thrown, log);
      if (typeof callback === 'function') callback(error);
      else call.emit('error', error);
      return;
    }
    Reflect.apply(handle, undefined, [call, ...rest]);
  };
}
