import type { Metadata, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { CallerVerifier } from '../auth/caller-verifier.js';
import { hasRole } from '../auth/identity.js';
import { coversMethod } from '../auth/method-patterns.js';
import { coversAllNodes } from '../auth/node-patterns.js';
import { PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import { guardedBy, type OwnService, type Visitor } from '../own-service.js';
import type { Caller } from './caller-metadata.js';
import { covers } from './covered.js';
import type { Nodes } from './nodes.js';
import { callerWith, serviceError } from './own-calls.js';

/**
 * A service of another role, for callers with the role that it asks for: it is told who calls, and nobody else can tell it
 * so. One that says nothing of roles is for `operate`; what it does, it does at any node and with rights of its own, so a
 * token that is limited to some nodes is refused. A token that is limited to some methods has to name the service's.
 */
export function guarded(
  service: Pick<OwnService, 'implementation' | 'definition' | 'access'>,
  nodes: Pick<Nodes, 'view'>,
  verifier: Pick<CallerVerifier, 'ended'>,
  log: Logger,
): UntypedServiceImplementation {
  const { access } = service;
  const admit = (metadata: Metadata, path: string): Visitor => {
    const roles = access?.roles(path.slice(path.lastIndexOf('/') + 1)) ?? ['operate'];
    const caller = callerWith(roles, metadata);
    if (access === undefined) assertAllNodes(caller, path);
    assertMethod(caller, path);
    return {
      subject: caller.subject,
      may: (role) => hasRole(caller, role),
      covers: (node) => covers(caller, node, nodes),
      coversAll: coversAllNodes(caller.nodes),
      ended: () => verifier.ended(caller) !== undefined,
    };
  };
  return guardedBy({ admit, refusal: (thrown) => serviceError(thrown, log) }, service);
}

/** Throws `PERMISSION_DENIED`. */
function assertAllNodes({ subject, nodes }: Caller, path: string): void {
  if (!coversAllNodes(nodes)) refuse(subject, path, 'nodes leaves nodes out, and runs are about any node');
}

/** Throws `PERMISSION_DENIED`. */
function assertMethod({ subject, methods }: Caller, path: string): void {
  if (!coversMethod(methods, path)) refuse(subject, path, 'methods does not name it');
}

function refuse(subject: string, path: string, why: string): never {
  throw new PosternError('PERMISSION_DENIED', `'${subject}' may not call ${path.slice(1)}: claim ${why}`);
}
