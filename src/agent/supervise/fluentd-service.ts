import type { handleUnaryCall, ServiceError } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { errorText, PosternError } from '../../errors.js';
import {
  type FluentdServer,
  FluentdRestartStatus as Restart,
  FluentdStartStatus as Start,
  FluentdStopStatus as Stop,
} from '../../gen/external/fluentd.js';
import type { Logger } from '../../log.js';
import type { Outcome, RestartOutcome, Supervisor } from './supervisor.js';

/** gRPC status of what a supervisor throws. */
const statusOf: Readonly<Record<string, status>> = {
  PROCESS_BUSY: status.RESOURCE_EXHAUSTED,
  CANCELLED: status.CANCELLED,
  STOPPED: status.UNAVAILABLE,
};

const started: Readonly<Record<Outcome, Start>> = {
  nochange: Start.START_NOCHANGE,
  success: Start.START_SUCCESS,
  failed: Start.START_FAILED,
};
const stopped: Readonly<Record<Outcome, Stop>> = {
  nochange: Stop.STOP_NOCHANGE,
  success: Stop.STOP_SUCCESS,
  failed: Stop.STOP_FAILED,
};
const restarted: Readonly<Record<RestartOutcome, Restart>> = {
  success: Restart.RESTART_SUCCESS,
  failedStarted: Restart.RESTART_FAILED_STARTED,
  failedStopped: Restart.RESTART_FAILED_STOPPED,
};

/** `external.Fluentd`: a process as a service. Nothing of a request reaches it: requests are empty. */
export function fluentdService(
  supervisor: Pick<Supervisor, 'start' | 'stop' | 'restart'>,
  log: Logger,
): FluentdServer {
  return {
    start: unary(log, async (signal) => ({ status: started[await supervisor.start(signal)] })),
    stop: unary(log, async (signal) => ({ status: stopped[await supervisor.stop(signal)] })),
    restart: unary(log, async (signal) => ({ status: restarted[await supervisor.restart(signal)] })),
  };
}

/** A method whose work is told when nobody waits for it any more: the call was cancelled, or its time is up. */
function unary<R>(log: Logger, work: (signal: AbortSignal) => Promise<R>): handleUnaryCall<object, R> {
  return (call, callback) => {
    const given = new AbortController();
    call.on('cancelled', () => given.abort());
    work(given.signal).then(
      (response) => callback(null, response),
      (thrown: unknown) => callback(serviceError(thrown, log)),
    );
  };
}

function serviceError(thrown: unknown, log: Logger): Pick<ServiceError, 'code' | 'details'> {
  const code = thrown instanceof PosternError ? statusOf[thrown.code] : undefined;
  if (code !== undefined) return { code, details: errorText(thrown) };
  log.error({ err: thrown }, 'the supervisor failed');
  return { code: status.INTERNAL, details: 'the agent failed; its log says why' };
}
