import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import {
  AuthorizationError,
  NoRespondersError,
  PermissionViolationError,
  TimeoutError,
  UserAuthenticationExpiredError,
} from 'nats';
import { errorText, PosternError } from '../errors.js';

/** Whether the server does not take the credentials; that they came too late for it says nothing against them. */
export function isRefusal(thrown: unknown): thrown is Error {
  if (thrown instanceof AuthorizationError) return !/^authentication timeout/i.test(thrown.message);
  return thrown instanceof UserAuthenticationExpiredError;
}

/** Whether JetStream says that a stream, or what it holds, is not there. */
export function isStreamMissing(thrown: unknown): boolean {
  return thrown instanceof JetStreamApiError && thrown.code === JetStreamApiCodes.StreamNotFound;
}

/** What JetStream says of a stream without room: its own limit, the account's, the server's. */
const fullCodes: ReadonlySet<number> = new Set([10077, 10047, 10023, 10028]);

/** Whether JetStream says that a stream has no room for one more message. */
export function isStreamFull(thrown: unknown): boolean {
  return thrown instanceof JetStreamApiError && fullCodes.has(thrown.code);
}

/** The error of a first connection that came to nothing. */
export function connectError(thrown: unknown, servers: readonly string[]): PosternError {
  const where = servers.join(', ');
  if (isRefusal(thrown)) {
    return new PosternError('BUS_REFUSED', `NATS at ${where} refused our credentials: ${errorText(thrown)}`, {
      hint: 'this server must be configured with the operator of this data directory, and the credentials must not have expired',
      cause: thrown,
    });
  }
  return new PosternError('BUS_UNREACHABLE', `cannot reach NATS at ${where}: ${reason(thrown)}`, {
    hint: 'start a nats-server there, or give the URL of one with --nats',
    cause: thrown,
  });
}

/** The error of a request that got no answer. */
export function requestError(thrown: unknown, subject: string, timeoutMs: number): PosternError {
  const cause = causeOf(thrown);
  if (cause instanceof PermissionViolationError) {
    return new PosternError('BUS_FORBIDDEN', `these credentials do not allow to ask on ${subject}`, {
      cause: thrown,
    });
  }
  const why =
    cause instanceof NoRespondersError
      ? 'nobody listens there'
      : cause instanceof TimeoutError
        ? `no answer within ${timeoutMs} ms`
        : reason(thrown);
  return new PosternError('NO_ANSWER', `no answer on ${subject}: ${why}`, { cause: thrown });
}

/** The error of an operation on a bucket. */
export function storeError(thrown: unknown, bucket: string, key: string): PosternError {
  if (thrown instanceof PosternError) return thrown;
  if (
    thrown instanceof JetStreamApiError &&
    (thrown.code === JetStreamApiCodes.StreamWrongLastSequence ||
      thrown.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown)
  ) {
    return new PosternError('STORE_CONFLICT', `${bucket}/${key} was changed by somebody else meanwhile`, {
      cause: thrown,
    });
  }
  if (isStreamFull(thrown)) {
    return new PosternError('STORE_FULL', `there is no room for ${bucket}/${key}: ${reason(thrown)}`, {
      hint: 'give NATS more room, or delete what is not needed any more',
      cause: thrown,
    });
  }
  return new PosternError('STORE_UNAVAILABLE', `cannot use ${bucket}/${key} now: ${reason(thrown)}`, {
    hint: 'JetStream of the NATS server does not answer; what is stored is not lost',
    cause: thrown,
  });
}

/** What is at the bottom of an error of the client. */
function causeOf(thrown: unknown): unknown {
  return thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
}

function reason(thrown: unknown): string {
  const cause = causeOf(thrown);
  if (cause instanceof TimeoutError) return 'no answer in time';
  // a refused connection to a name with several addresses has no message of its own
  if (cause instanceof AggregateError) return cause.errors.map(errorText).join(', ');
  return errorText(cause) || errorText(thrown);
}
