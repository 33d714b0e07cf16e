import { once } from 'node:events';
import { type handleServerStreamingCall, type handleUnaryCall, type Metadata, status } from '@grpc/grpc-js';
import { CallFailed } from '../../client/call-failed.js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { userField } from '../../own-service.js';

/** gRPC status of the errors that are thrown on purpose. */
const statusOf: Readonly<Record<string, status>> = {
  INVALID_ARGUMENT: status.INVALID_ARGUMENT,
  SCENARIO_INVALID: status.INVALID_ARGUMENT,
  RULES_INVALID: status.INVALID_ARGUMENT,
  RUN_UNKNOWN: status.NOT_FOUND,
  RUN_EXISTS: status.ALREADY_EXISTS,
  RUN_GOES_ON: status.FAILED_PRECONDITION,
  RUN_UNPLANNED: status.FAILED_PRECONDITION,
  PLAN_DIFFERS: status.FAILED_PRECONDITION,
  TOO_MANY_RUNS: status.RESOURCE_EXHAUSTED,
  STORE_FULL: status.RESOURCE_EXHAUSTED,
  STORE_UNAVAILABLE: status.UNAVAILABLE,
  STORE_CONFLICT: status.ABORTED,
  NO_ANSWER: status.UNAVAILABLE,
  RESULTS_LOST: status.ABORTED,
  JUDGING_ABORTED: status.CANCELLED,
};

/** Who calls, as the hub in front has said. */
function userOf(metadata: Metadata): string {
  return metadata.get(userField)[0]?.toString() ?? 'somebody';
}

/** Makes the methods of a service; what is not thrown on purpose is logged and not told. */
export function methods(log: Logger) {
  const errorOf = (thrown: unknown): { code: status; details: string } => {
    if (thrown instanceof PosternError) {
      const code = thrown instanceof CallFailed ? thrown.status.code : statusOf[thrown.code];
      if (code !== undefined) return { code, details: errorText(thrown) };
    }
    log.error({ err: thrown }, 'a method of the service of runs failed');
    return { code: status.INTERNAL, details: 'the controller failed; its log says why' };
  };
  return {
    unary:
      <Q, R>(work: (request: Q, user: string) => Promise<R>): handleUnaryCall<Q, R> =>
      (call, callback) => {
        work(call.request, userOf(call.metadata)).then(
          (response) => callback(null, response),
          (thrown: unknown) => callback(errorOf(thrown)),
        );
      },
    /** `out` resolves when the next message may be sent; the signal is aborted when nobody listens any more. */
    streaming:
      <Q, R>(
        work: (request: Q, signal: AbortSignal, out: (message: R) => Promise<void>) => Promise<void>,
      ): handleServerStreamingCall<Q, R> =>
      (call) => {
        const gone = new AbortController();
        const leave = (): void => gone.abort();
        call.on('cancelled', leave).on('close', leave).on('error', leave);
        const out = async (message: R): Promise<void> => {
          gone.signal.throwIfAborted();
          if (!call.write(message)) await once(call, 'drain', { signal: gone.signal });
        };
        work(call.request, gone.signal, out).then(
          () => call.end(),
          (thrown: unknown) => {
            if (!gone.signal.aborted) call.emit('error', errorOf(thrown));
          },
        );
      },
  };
}
