import { type Client, createClient, type Interceptor } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';
import { Activity } from '../../gen/web/internal/activity_pb.js';
import { Inspector } from '../../gen/web/postern/v1/inspector_pb.js';
import { NodesService } from '../../gen/web/postern/v1/nodes_pb.js';
import { Runs } from '../../gen/web/postern/v1/runs_pb.js';

/** The services of the hub that the page comes from, as whoever has the token. */
export interface Hub {
  readonly inspector: Client<typeof Inspector>;
  readonly nodes: Client<typeof NodesService>;
  readonly runs: Client<typeof Runs>;
  readonly activity: Client<typeof Activity>;
}

/** Calls go to where the page comes from, as gRPC-web. */
export function hubWith(token: string): Hub {
  const bearer: Interceptor = (next) => (request) => {
    request.header.set('authorization', `Bearer ${token}`);
    return next(request);
  };
  const transport = createGrpcWebTransport({ baseUrl: location.origin, interceptors: [bearer] });
  return {
    inspector: createClient(Inspector, transport),
    nodes: createClient(NodesService, transport),
    runs: createClient(Runs, transport),
    activity: createClient(Activity, transport),
  };
}
