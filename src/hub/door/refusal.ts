import { PosternError } from '../../errors.js';

/** gRPC status codes of what the front door refuses. */
export const refusalStatus = {
  invalidArgument: 3,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** Why a call, or a request of another protocol, is not let through. */
export interface DoorRefusal {
  /** gRPC status code, 1–16. */
  readonly status: number;
  /** Stable code for programs, e.g. `NODE_UNKNOWN`. */
  readonly code: string;
  /** Text for people. */
  readonly message: string;
  /** When it is worth to try again, in milliseconds from now; absent: nobody knows. */
  readonly retryAfterMs?: number;
}

/** Nobody showed a token. */
export const tokenMissing: DoorRefusal = {
  status: refusalStatus.unauthenticated,
  code: 'UNAUTHENTICATED',
  message:
    'a caller token is missing: send it as metadata authorization: Bearer TOKEN, or x-postern-authorization',
};

/** It would be left to chance whom the call is taken for. */
export const tokensDiffer: DoorRefusal = {
  status: refusalStatus.unauthenticated,
  code: 'UNAUTHENTICATED',
  message: 'the metadata that holds the caller token is there twice, with different values: send it once',
};

/** A call uses the path of a forward. */
export const notForCalls: DoorRefusal = {
  status: refusalStatus.unimplemented,
  code: 'NOT_SERVED',
  message: 'this path is for forwards, which are no gRPC calls',
};

/** What a token's verification threw, as a refusal. */
export function unverified(thrown: unknown): DoorRefusal {
  if (thrown instanceof PosternError && thrown.code === 'UNAUTHENTICATED') {
    return { status: refusalStatus.unauthenticated, code: 'UNAUTHENTICATED', message: thrown.message };
  }
  return {
    status: refusalStatus.internal,
    code: 'INTERNAL',
    message: 'the caller token could not be checked',
  };
}
