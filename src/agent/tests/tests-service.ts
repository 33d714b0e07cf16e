import { status } from '@grpc/grpc-js';
import type { TestsServiceServer } from '../../gen/postern/v1/tests.js';
import type { Logger } from '../../log.js';
import { ownMethods } from '../own-method.js';
import type { TestsWork } from './tests-work.js';

/** gRPC status of what is thrown here. */
export const testStatuses: Readonly<Record<string, status>> = {
  TEST_INVALID: status.INVALID_ARGUMENT,
  RECORD_INVALID: status.INVALID_ARGUMENT,
  INVITE_INVALID: status.INVALID_ARGUMENT,
  GROUP_INVALID: status.INVALID_ARGUMENT,
  RUN_INVALID: status.INVALID_ARGUMENT,
  TEST_UNKNOWN: status.NOT_FOUND,
  TEST_EXISTS: status.ALREADY_EXISTS,
  TEST_STATE: status.FAILED_PRECONDITION,
  SUPERSEDED: status.FAILED_PRECONDITION,
  RUN_UNREADABLE: status.DATA_LOSS,
  DATA_UNUSABLE: status.RESOURCE_EXHAUSTED,
  TOO_MANY_RUNS: status.RESOURCE_EXHAUSTED,
  TOO_MANY_GROUPS: status.RESOURCE_EXHAUSTED,
  TOO_MANY_TESTS: status.RESOURCE_EXHAUSTED,
  DISK_FULL: status.RESOURCE_EXHAUSTED,
  JOURNAL_UNREADABLE: status.FAILED_PRECONDITION,
  UNSUPPORTED: status.UNIMPLEMENTED,
  DAEMON_UNREACHABLE: status.UNAVAILABLE,
  DAEMON_UNKNOWN: status.FAILED_PRECONDITION,
  DAEMON_REFUSED: status.FAILED_PRECONDITION,
};

/** `postern.v1.TestsService`: what an agent does with the daemon beside it. */
export function testsService(work: TestsWork, log: Logger): TestsServiceServer {
  const method = ownMethods(testStatuses, log);
  return {
    getDaemon: method(work.getDaemon),
    getTime: method(work.getTime),
    createGroup: method(work.createGroup),
    createInvite: method(work.createInvite),
    joinGroup: method(work.joinGroup),
    awaitReady: method(work.awaitReady),
    createTest: method(work.createTest),
    armTest: method(work.armTest),
    startTest: method(work.startTest),
    stopTest: method(work.stopTest),
    listTests: method(work.listTests),
  };
}
