import { status } from '@grpc/grpc-js';
import {
  type FluentdServer,
  FluentdRestartStatus as Restart,
  FluentdStartStatus as Start,
  FluentdStopStatus as Stop,
} from '../../gen/external/fluentd.js';
import type { Logger } from '../../log.js';
import { ownMethods } from '../own-method.js';
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
  const method = ownMethods(statusOf, log);
  return {
    start: method(async (_, signal: AbortSignal) => ({ status: started[await supervisor.start(signal)] })),
    stop: method(async (_, signal: AbortSignal) => ({ status: stopped[await supervisor.stop(signal)] })),
    restart: method(async (_, signal: AbortSignal) => ({
      status: restarted[await supervisor.restart(signal)],
    })),
  };
}
