import { randomBytes } from 'node:crypto';
import {
  type handleUnaryCall,
  type Metadata,
  type ServerUnaryCall,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { AccountCaller } from '../../bus/account-messages.js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { Ask } from '../asking/ask.js';
import type { AccountMethod } from '../asking/method.js';
import { sourceOf } from './source.js';

/** Longest time for a call whose client has set no earlier end, milliseconds. */
const mostMs = 15_000;

/** The gRPC statuses of what goes wrong; what is not here is a defect, and not told. */
const statuses: Readonly<Record<string, status>> = {
  ARGUMENT_INVALID: status.INVALID_ARGUMENT,
  UNAUTHENTICATED: status.UNAUTHENTICATED,
  PERMISSION_DENIED: status.PERMISSION_DENIED,
  NOT_FOUND: status.NOT_FOUND,
  ALREADY_EXISTS: status.ALREADY_EXISTS,
  CONFLICT: status.ABORTED,
  PRECONDITION_FAILED: status.FAILED_PRECONDITION,
  CODE_WRONG: status.PERMISSION_DENIED,
  NOT_PROVEN: status.FAILED_PRECONDITION,
  TOO_MANY: status.RESOURCE_EXHAUSTED,
  UNIMPLEMENTED: status.UNIMPLEMENTED,
  NO_ANSWER: status.UNAVAILABLE,
  BUS_CLOSED: status.UNAVAILABLE,
  BODY_TOO_LARGE: status.RESOURCE_EXHAUSTED,
  STORE_UNAVAILABLE: status.UNAVAILABLE,
  STORE_CONFLICT: status.ABORTED,
  STORE_FULL: status.RESOURCE_EXHAUSTED,
  UNAVAILABLE: status.UNAVAILABLE,
};

/** What the calls themselves have no word for: nobody answers, or the caller is not known. They are never told in a field. */
const faults = new Set([
  'UNAUTHENTICATED',
  'NO_ANSWER',
  'BUS_CLOSED',
  'STORE_UNAVAILABLE',
  'STORE_FULL',
  'STORE_CONFLICT',
  'INTERNAL',
]);

/** What a face needs to translate calls. */
export interface FaceParts {
  readonly ask: Ask;
  /**
   * Who calls, by a hub's assertion or a token of an account; undefined: they show neither. Throws `UNAUTHENTICATED` for what is
   * not good, and `NO_ANSWER`.
   */
  readonly callerOf: (
    metadata: Metadata,
    until: { deadlineMs: number },
  ) => Promise<AccountCaller | undefined>;
  readonly log: Logger;
}

/** How a gRPC method becomes a request on the bus, and the answer a reply. */
export interface FaceMethod<Q, P, A, R> {
  readonly method: AccountMethod<A, R>;
  readonly args: (request: Q) => A;
  readonly reply: (result: R, request: Q) => P;
  /** The reply to somebody whose wish was refused; absent: they get a gRPC status. */
  readonly refused?: (message: string, request: Q) => P;
}

/** The handler of a gRPC method that is translated. */
export type Translate = <Q, P, A, R>(translation: FaceMethod<Q, P, A, R>) => handleUnaryCall<Q, P>;

/** Makes handlers: each call has an end, and what nobody has answered is asked again under the same name. */
export function translator(parts: FaceParts): Translate {
  return ({ method, args, reply, refused }) =>
    (call, callback) => {
      const given = new AbortController();
      call.on('cancelled', () => given.abort());
      const work = async () => {
        const deadlineMs = deadlineOf(call);
        const caller = await parts.callerOf(call.metadata, { deadlineMs });
        const context = { request: randomBytes(16).toString('base64url'), source: sourceOf(call), caller };
        const until = { deadlineMs, signal: given.signal };
        return reply(await parts.ask(method, args(call.request), context, until), call.request);
      };
      work().then(
        (response) => callback(null, response),
        (thrown: unknown) => {
          const told = thrown instanceof PosternError && !faults.has(thrown.code);
          if (told && refused !== undefined) callback(null, refused(thrown.message, call.request));
          else if (given.signal.aborted) callback({ code: status.CANCELLED, details: 'cancelled' });
          else callback(serviceError(thrown, parts.log));
        },
      );
    };
}

function deadlineOf(call: ServerUnaryCall<unknown, unknown>): number {
  const latest = Date.now() + mostMs;
  const asked = call.getDeadline();
  const askedMs = asked instanceof Date ? asked.getTime() : asked;
  return Number.isFinite(askedMs) ? Math.min(askedMs, latest) : latest;
}

/** What went wrong, as a gRPC status. */
export function serviceError(thrown: unknown, log: Logger): Pick<ServiceError, 'code' | 'details'> {
  const code = thrown instanceof PosternError ? statuses[thrown.code] : undefined;
  if (code !== undefined) return { code, details: errorText(thrown) };
  log.error({ err: thrown }, 'a call to the account services failed');
  return { code: status.INTERNAL, details: 'the account services failed; their log says why' };
}
