import { status } from '@grpc/grpc-js';
import type { SendOutcome } from './adapter.js';

/** Statuses by which a server says surely that it did not take what was sent. */
const definite: ReadonlySet<number> = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.PERMISSION_DENIED,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
  status.UNIMPLEMENTED,
  status.UNAUTHENTICATED,
]);

/** What became of a message whose call ended with another status than OK. */
export function sendOutcome(code: number, message: string): SendOutcome {
  return { outcome: definite.has(code) ? 'fail' : 'info', code: status[code] ?? String(code), message };
}
