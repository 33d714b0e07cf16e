import { type Deadline, type handleUnaryCall, type ServiceError, status } from '@grpc/grpc-js';
import { errorText, PosternError } from '../errors.js';
import type { Logger } from '../log.js';

/** The longest that a timer of Node holds, milliseconds. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Makes the methods of a service of the agent's own. The signal tells the work that nobody waits for it any more: the call
 * was cancelled, or its time is up. A `PosternError` ends the call with the status of its code in `statuses`; anything
 * else is a defect, which is logged and not told. `otherwise` is the status of codes that are not there; without it they are
 * defects too. With `earlyMs` the signal comes so much before the caller's deadline, so that an answer still reaches it.
 */
export function ownMethods(
  statuses: Readonly<Record<string, status>>,
  log: Logger,
  otherwise?: status,
  earlyMs = 0,
) {
  return <Q, R>(work: (request: Q, signal: AbortSignal) => Promise<R>): handleUnaryCall<Q, R> =>
    (call, callback) => {
      const given = new AbortController();
      call.on('cancelled', () => given.abort());
      const timer = earlyMs > 0 ? abortBefore(call.getDeadline(), earlyMs, given) : undefined;
      work(call.request, given.signal)
        .finally(() => clearTimeout(timer))
        .then(
          (response) => callback(null, response),
          (thrown: unknown) => callback(serviceError(thrown, { statuses, otherwise }, log)),
        );
    };
}

/** Aborts before a deadline: by `earlyMs`, or a quarter of the time that is left, whichever is less. */
function abortBefore(
  deadline: Deadline,
  earlyMs: number,
  given: AbortController,
): NodeJS.Timeout | undefined {
  const leftMs = Number(deadline) - Date.now();
  if (!(leftMs < longestTimerMs)) return undefined; // there is none, or it is weeks ahead
  return setTimeout(() => given.abort(), Math.max(0, leftMs - Math.min(earlyMs, leftMs / 4)));
}

function serviceError(
  thrown: unknown,
  told: { readonly statuses: Readonly<Record<string, status>>; readonly otherwise: status | undefined },
  log: Logger,
): Pick<ServiceError, 'code' | 'details'> {
  const code = thrown instanceof PosternError ? (told.statuses[thrown.code] ?? told.otherwise) : undefined;
  if (code !== undefined) return { code, details: errorText(thrown) };
  log.error({ err: thrown }, "a method of the agent's own failed");
  return { code: status.INTERNAL, details: 'the agent failed; its log says why' };
}
