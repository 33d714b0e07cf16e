import { hasRole, type Identity } from '../../auth/identity.js';
import { coversMethod } from '../../auth/method-patterns.js';
import { serviceCallDenied } from '../../auth/policy.js';
import type { LocalService } from '../routes/service.js';
import { type DoorRefusal, refusalStatus } from './refusal.js';

/**
 * Why a call may not go to a local service; undefined: it may. The claim `nodes` has nothing to do with services.
 * @param path as the service is to see it.
 * @param identity undefined: nobody showed a token, which is enough for a public service.
 */
export function mayNotUse(
  service: Pick<LocalService, 'name' | 'access' | 'roles' | 'methods'>,
  path: string,
  identity: Identity | undefined,
): DoorRefusal | undefined {
  const { name, access, roles, methods } = service;
  if (methods !== undefined && !coversMethod(methods, path)) {
    return denied(`route ${name} leads to ${methods.join(', ')} alone, not to ${path.slice(0, 256)}`);
  }
  if (access === 'public') return undefined;
  if (identity === undefined) return denied(`route ${name} needs a token`);
  const lacks = roles?.some((role) => hasRole(identity, role)) === false;
  if (lacks) return denied(`'${identity.subject}' needs the role ${roles?.join(' or ')} for route ${name}`);
  const why = serviceCallDenied(identity, name, path);
  return why === undefined ? undefined : denied(why);
}

function denied(message: string): DoorRefusal {
  return { status: refusalStatus.permissionDenied, code: 'PERMISSION_DENIED', message };
}
