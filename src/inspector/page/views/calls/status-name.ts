import { isFailure } from '../../../../failed-status.js';
import { statusNames } from '../../../../grpc-status.js';

/** The name of a gRPC status: `NOT_FOUND`. */
export function statusName(status: number): string {
  return statusNames[status] ?? `CODE_${status}`;
}

/** Tags that say how it is to be looked at, as states have them. */
export function statusTags(status: number): readonly string[] {
  if (isFailure(status)) return ['bad'];
  return status === 0 ? ['good'] : ['warn'];
}
