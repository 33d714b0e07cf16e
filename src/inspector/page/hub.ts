import { type Client, Code, ConnectError, createClient, type Interceptor } from '@connectrpc/connect';
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

/**
 * Calls go to where the page comes from, as gRPC-web.
 * @param refused told why, when the hub does not take the token, or not any more.
 */
export function hubWith(token: string, refused: (why: string) => void): Hub {
  const heard = (thrown: unknown): unknown => {
    const { code, rawMessage } = ConnectError.from(thrown);
    if (code === Code.Unauthenticated) refused(rawMessage);
    return thrown;
  };
  async function* watched<M>(messages: AsyncIterable<M>): AsyncIterable<M> {
    try {
      yield* messages;
    } catch (thrown) {
      throw heard(thrown);
    }
  }
  const bearer: Interceptor = (next) => async (request) => {
    request.header.set('authorization', `Bearer ${token}`);
    try {
      const response = await next(request);
      return response.stream ? { ...response, message: watched(response.message) } : response;
    } catch (thrown) {
      throw heard(thrown);
    }
  };
  const transport = createGrpcWebTransport({ baseUrl: location.origin, interceptors: [bearer] });
  return {
    inspector: createClient(Inspector, transport),
    nodes: createClient(NodesService, transport),
    runs: createClient(Runs, transport),
    activity: createClient(Activity, transport),
  };
}

/** Asks for next to nothing. Rejects with a `ConnectError` where the hub does not answer within `timeoutMs`. */
export async function probe(hub: Hub, timeoutMs: number): Promise<void> {
  try {
    await hub.nodes.listNodes({ name: '-' }, { timeoutMs });
  } catch (thrown) {
    // Who may not list nodes has been heard all the same.
    if (ConnectError.from(thrown).code !== Code.PermissionDenied) throw thrown;
  }
}

/** What went wrong with a call, for people: the hub's own words where it has said any. */
export function callError(thrown: unknown): string {
  const { code, rawMessage } = ConnectError.from(thrown);
  if (code === Code.Unknown || code === Code.Unavailable) return `The hub cannot be reached (${rawMessage}).`;
  // It is no answer of a hub to a call: it takes the page for one of somebody else.
  if (rawMessage === 'HTTP 403')
    return 'The hub knows this page by another host name (HTTP 403): a proxy in between has to keep the name, or --cors-origin lets this one in.';
  if (code === Code.DeadlineExceeded) return 'The hub did not answer in time.';
  return rawMessage;
}
