import { type ServiceError, status } from '@grpc/grpc-js';
import { errorText, PosternError } from '../errors.js';
import type { Logger } from '../log.js';

/** gRPC status of what is thrown on purpose. */
const statuses: Readonly<Record<string, status>> = {
  INVALID_ARGUMENT: status.INVALID_ARGUMENT,
  UNAUTHENTICATED: status.UNAUTHENTICATED,
  PERMISSION_DENIED: status.PERMISSION_DENIED,
  ACTOR_UNKNOWN: status.NOT_FOUND,
  TOO_MANY: status.RESOURCE_EXHAUSTED,
  REFUSED: status.FAILED_PRECONDITION,
  NOT_DONE: status.FAILED_PRECONDITION,
  NOT_TOLD: status.UNAVAILABLE,
  NODE_UNKNOWN: status.NOT_FOUND,
  STORE_BUSY: status.UNAVAILABLE,
  STORE_CONFLICT: status.ABORTED,
  STORE_UNAVAILABLE: status.UNAVAILABLE,
};

/** What grpc-js takes as an error; anything that was not thrown on purpose is logged and told as INTERNAL. */
export function inspectorError(thrown: unknown, log: Logger): Pick<ServiceError, 'code' | 'details'> {
  const code = thrown instanceof PosternError ? statuses[thrown.code] : undefined;
  if (code !== undefined) return { code, details: errorText(thrown) };
  log.error({ err: thrown }, 'the inspector failed');
  return { code: status.INTERNAL, details: 'the inspector failed; the log of the hub says why' };
}
