import type { Metadata, UntypedServiceImplementation } from '@grpc/grpc-js';
import { coversMethod } from '../auth/method-patterns.js';
import { coversAllNodes } from '../auth/node-patterns.js';
import { PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import { guardedBy, type OwnService } from '../own-service.js';
import type { Caller } from './caller-metadata.js';
import { callerWith, serviceError } from './own-calls.js';

/**
 * A service of another role, for callers with the role `operate`: it is told who calls, and nobody else can tell it so. What
 * it does, it does at any node and with rights of its own. So a token that is limited to some nodes is refused, and one
 * that is limited to some methods has to name the service's.
 */
export function guarded(
  service: Pick<OwnService, 'implementation' | 'definition'>,
  log: Logger,
): UntypedServiceImplementation {
  const admit = (metadata: Metadata, path: string): string => {
    const caller = callerWith('operate', metadata);
    assertUnlimited(caller, path);
    return caller.subject;
  };
  return guardedBy({ admit, refusal: (thrown) => serviceError(thrown, log) }, service);
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
