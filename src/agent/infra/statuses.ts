import { status } from '@grpc/grpc-js';
import { logStatuses } from '../logs/logs-service.js';
import { testStatuses } from '../tests/tests-service.js';
import { peerStatuses } from './peer.js';
import { reliabilityStatuses } from './reliability/lot-outages.js';
import { replicationStatuses } from './replication.js';

/** gRPC status of what the infra server throws; of anything else that has words for whoever asks: FAILED_PRECONDITION. */
export const infraStatuses: Readonly<Record<string, status>> = {
  ...testStatuses,
  ...peerStatuses,
  ...reliabilityStatuses,
  ...replicationStatuses,
  ...logStatuses,
  NOT_IN_GROUP: status.FAILED_PRECONDITION,
  IN_GROUP: status.FAILED_PRECONDITION,
  TEST_ENDED: status.FAILED_PRECONDITION,
  TEST_IN_PROGRESS: status.FAILED_PRECONDITION,
  BOOK_UNREADABLE: status.DATA_LOSS,
  NOT_SERVED: status.UNIMPLEMENTED,
  ADDRESS_INVALID: status.INVALID_ARGUMENT,
};
