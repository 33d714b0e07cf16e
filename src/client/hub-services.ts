import { credentials } from '@grpc/grpc-js';
import { ActivityClient } from '../gen/internal/activity.js';
import { InspectorClient } from '../gen/postern/v1/inspector.js';
import { NodesServiceClient } from '../gen/postern/v1/nodes.js';
import { RoutesServiceClient } from '../gen/postern/v1/routes.js';
import { RunsClient } from '../gen/postern/v1/runs.js';
import { TokensServiceClient } from '../gen/postern/v1/tokens.js';
import type { HubConnection } from './hub-connection.js';

/** The hub's own services, over a connection that is there already. */
export function hubServices(connection: HubConnection) {
  const { target, client } = connection;
  const insecure = credentials.createInsecure();
  const shared = { channelOverride: client.getChannel() };
  return {
    nodes: new NodesServiceClient(target.address, insecure, shared),
    tokens: new TokensServiceClient(target.address, insecure, shared),
    routes: new RoutesServiceClient(target.address, insecure, shared),
    activity: new ActivityClient(target.address, insecure, shared),
    runs: new RunsClient(target.address, insecure, shared),
    inspector: new InspectorClient(target.address, insecure, shared),
  };
}
