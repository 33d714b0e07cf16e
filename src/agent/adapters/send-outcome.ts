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

/** How grpc-js tells that there was no connection which a call could have been written to. */
const neverWritten = /^No connection established\b/;

/**
 * What became of a message whose call ended with another status than OK. `details`: of the status; `message`: what is told
 * of it.
 */
export function sendOutcome(code: number, details: string, message: string): SendOutcome {
  const told = { code: status[code] ?? String(code), message };
  if (code === status.UNAVAILABLE && neverWritten.test(details)) {
    return { outcome: 'fail', ...told, wasOffered: false };
  }
  return { outcome: definite.has(code) ? 'fail' : 'info', ...told };
}
