import { Code } from '@connectrpc/connect';
import { isFailure } from '../../../../failed-status.js';

/** The name of a gRPC status: `NOT_FOUND`. */
export function statusName(status: number): string {
  if (status === 0) return 'OK';
  // the only one that gRPC spells in another way
  if (status === Code.Canceled) return 'CANCELLED';
  return (Code[status] ?? `CODE_${status}`).replace(/(?<=[a-z])[A-Z]/g, '_$&').toUpperCase();
}

/** Tags that say how it is to be looked at, as states have them. */
export function statusTags(status: number): readonly string[] {
  if (isFailure(status)) return ['bad'];
  return status === 0 ? ['good'] : ['warn'];
}
