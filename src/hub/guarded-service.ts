import type { Metadata, UntypedHandleCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import { coversMethod } from '../auth/method-patterns.js';
import { coversAllNodes } from '../auth/node-patterns.js';
import { PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import { type OwnService, userField } from '../own-service.js';
import type { Caller } from './caller-metadata.js';
import { callerWith, serviceError } from './own-calls.js';

/**
 * A service of another role, for callers with the role `operate`: it is told who calls, and nobody else can tell it so. What
 * it does, it does at any node and with rights of its own. So a token that is limited to some nodes is refused, and one
 * that is limited to some methods has to name the service's.
 */
export function guarded(
  { implementation, definition }: Pick<OwnService, 'implementation' | 'definition'>,
  log: Logger,
): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(implementation).map(([method, handle]) => [
      method,
      guardedMethod(handle, definition[method]?.path ?? '', log),
    ]),
  );
}

/** As much as there is in common of what grpc-js hands to methods of all kinds. */
interface AnyCall {
  readonly metadata: Metadata;
  emit(event: 'error', error: unknown): boolean;
}

function guardedMethod(handle: UntypedHandleCall, path: string, log: Logger): UntypedHandleCall {
  return (call: AnyCall, ...rest: unknown[]) => {
    try {
      const caller = callerWith('operate', call.metadata);
      assertUnlimited(caller, path);
      call.metadata.set(userField, caller.subject);
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

/** Throws `PERMISSION_DENIED`. */
function assertUnlimited({ subject, nodes, methods }: Caller, path: string): void {
  const refuse = (claim: string, why: string): never => {
    throw new PosternError(
      'PERMISSION_DENIED',
      `'${subject}' may not call ${path.slice(1)}: claim ${claim} ${why}`,
    );
  };
  if (!coversAllNodes(nodes)) refuse('nodes', 'leaves nodes out, and runs are about any node');
  if (!coversMethod(methods, path)) refuse('methods', 'does not name it');
}
