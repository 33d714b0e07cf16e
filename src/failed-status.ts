/** gRPC statuses OK and CANCELLED. */
const [ok, cancelled] = [0, 1];

/** Whether a call that ended with this gRPC status failed; one that its caller did not want any more did not. */
export function isFailure(status: number): boolean {
  return status !== ok && status !== cancelled;
}
