import { status } from './grpc-status.js';

/** Whether a call that ended with this gRPC status failed; one that its caller did not want any more did not. */
export function isFailure(code: number): boolean {
  return code !== status.OK && code !== status.CANCELLED;
}
