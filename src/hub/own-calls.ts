import { type handleServerStreamingCall, type handleUnaryCall, type Metadata, status } from '@grpc/grpc-js';
import { hasRole, type Role } from '../auth/identity.js';
import { errorText, PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import { type Caller, readCaller } from './caller-metadata.js';

/** gRPC status of the errors that services throw on purpose. */
const statusOf: Readonly<Record<string, status>> = {
  INVALID_ARGUMENT: status.INVALID_ARGUMENT,
  PERMISSION_DENIED: status.PERMISSION_DENIED,
  UNAUTHENTICATED: status.UNAUTHENTICATED,
  TOKEN_UNKNOWN: status.NOT_FOUND,
  NODE_UNKNOWN: status.NOT_FOUND,
  KEY_UNKNOWN: status.NOT_FOUND,
  INSTANCE_UNKNOWN: status.NOT_FOUND,
  STORE_UNAVAILABLE: status.UNAVAILABLE,
  STORE_FULL: status.RESOURCE_EXHAUSTED,
  STORE_BUSY: status.UNAVAILABLE,
  STORE_CONFLICT: status.ABORTED,
  TOO_SLOW: status.RESOURCE_EXHAUSTED,
};

/** Who calls, if they hold the role, or one of them. Throws `PERMISSION_DENIED` or `UNAUTHENTICATED`. */
export function callerWith(wanted: Role | readonly Role[], metadata: Metadata): Caller {
  const caller = readCaller((name) => metadata.get(name)[0]?.toString());
  if (caller === undefined) throw new PosternError('UNAUTHENTICATED', 'it is not known who calls');
  const anyOf = typeof wanted === 'string' ? [wanted] : wanted;
  if (!anyOf.some((role) => hasRole(caller, role))) {
    throw new PosternError(
      'PERMISSION_DENIED',
      `'${caller.subject}' needs the role ${anyOf.join(' or ')} for this: claim roles holds ${caller.roles.join(', ')}`,
    );
  }
  return caller;
}

/** What grpc-js takes as an error; anything that was not thrown on purpose is logged and told as INTERNAL. */
export function serviceError(thrown: unknown, log: Logger): { code: status; details: string } {
  const code = thrown instanceof PosternError ? statusOf[thrown.code] : undefined;
  if (code !== undefined) return { code, details: errorText(thrown) };
  log.error({ err: thrown }, "one of the hub's own services failed");
  return { code: status.INTERNAL, details: 'the hub failed; its log says why' };
}

/** A unary method for callers with a role. */
export function unary<Q, R>(
  role: Role | readonly Role[],
  log: Logger,
  work: (request: Q, caller: Caller) => R | Promise<R>,
): handleUnaryCall<Q, R> {
  return (call, callback) => {
    const run = async () => work(call.request, callerWith(role, call.metadata));
    run().then(
      (response) => callback(null, response),
      (thrown: unknown) => callback(serviceError(thrown, log)),
    );
  };
}

/** The way back of a streaming method. */
export interface Outgoing<R> {
  /** Sends the head of the answer now, once and before all messages. */
  head(metadata: Metadata): void;
  /** False: stop until `drained` is called. */
  write(message: R): boolean;
  end(): void;
  fail(error: PosternError): void;
  /** Messages that wait to be sent. */
  readonly waiting: number;
}

/** A server-streaming method for callers with a role. `begin` returns what frees it, and what to do when it may go on. */
export function streaming<Q, R>(
  role: Role | readonly Role[],
  log: Logger,
  begin: (request: Q, caller: Caller, out: Outgoing<R>) => { stop: () => void; drained?: () => void },
): handleServerStreamingCall<Q, R> {
  return (call) => {
    const fail = (thrown: unknown) => call.emit('error', serviceError(thrown, log));
    try {
      const { stop, drained } = begin(call.request, callerWith(role, call.metadata), {
        head: (metadata) => call.sendMetadata(metadata),
        write: (message) => call.write(message),
        end: () => call.end(),
        fail,
        get waiting() {
          return call.writableLength;
        },
      });
      call.on('cancelled', stop);
      call.on('close', stop);
      call.on('finish', stop);
      call.on('error', stop);
      if (drained !== undefined) call.on('drain', drained);
    } catch (thrown) {
      fail(thrown);
    }
  };
}
