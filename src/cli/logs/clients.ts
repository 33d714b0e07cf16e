import { credentials } from '@grpc/grpc-js';
import type { HubConnection } from '../../client/hub-connection.js';
import { LogsServiceClient, UploadsServiceClient } from '../../gen/postern/v1/logs.js';

/** The logs of nodes, and the files that they have brought, over a connection that is there already. */
export function logClients(connection: HubConnection): {
  readonly logs: LogsServiceClient;
  readonly uploads: UploadsServiceClient;
} {
  const { target, client } = connection;
  const insecure = credentials.createInsecure();
  const shared = { channelOverride: client.getChannel() };
  return {
    logs: new LogsServiceClient(target.address, insecure, shared),
    uploads: new UploadsServiceClient(target.address, insecure, shared),
  };
}
