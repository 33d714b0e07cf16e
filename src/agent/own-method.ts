import { type handleUnaryCall, type ServiceError, status } from '@grpc/grpc-js';
import { errorText, PosternError } from '../errors.js';
import type { Logger } from '../log.js';

/**
 * Makes the methods of a service of the agent's own. The signal tells the work that nobody waits for it any more: the call
 * was cancelled, or its time is up. A `PosternError` ends the call with the status of its code in `statuses`; anything
 * else is a defect, which is logged and not told.
 */
export function ownMethods(statuses: Readonly<Record<string, status>>, log: Logger) {
  return <Q, R>(work: (request: Q, signal: AbortSignal) => Promise<R>): handleUnaryCall<Q, R> =>
    (call, callback) => {
      const given = new AbortController();
      call.on('cancelled', () => given.abort());
      work(call.request, given.signal).then(
        (response) => callback(null, response),
        (thrown: unknown) => callback(serviceError(thrown, statuses, log)),
      );
    };
}

function serviceError(
  thrown: unknown,
  statuses: Readonly<Record<string, status>>,
  log: Logger,
): Pick<ServiceError, 'code' | 'details'> {
  const code = thrown instanceof PosternError ? statuses[thrown.code] : undefined;
  if (code !== undefined) return { code, details: errorText(thrown) };
  log.error({ err: thrown }, "a method of the agent's own failed");
  return { code: status.INTERNAL, details: 'the agent failed; its log says why' };
}
