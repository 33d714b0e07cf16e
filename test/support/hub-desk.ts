import { nodeJson } from '../../src/cli/node-view.js';
import { deadline, unary } from '../../src/client/call-failed.js';
import { connectHub, type HubConnection } from '../../src/client/hub-connection.js';
import { hubServices } from '../../src/client/hub-services.js';
import { findHub } from '../../src/client/hub-target.js';
import type { ListNodesResponse } from '../../src/gen/postern/v1/nodes.js';
import type { CreateJoinTokenResponse } from '../../src/gen/postern/v1/tokens.js';

/** So long connecting may take, in milliseconds: what commands wait too. */
const connectMs = 10_000;

/**
 * A new join token for `node` of the hub of a data directory: the call that `postern token create --join` makes, without
 * a process for each.
 */
export function askJoinToken(data: string, node: string): Promise<string> {
  return withHubOf(data, async (connection) => {
    const request = { node, ttlSeconds: 0, uses: 0, labels: {} };
    const { token } = await unary<CreateJoinTokenResponse>((done) =>
      hubServices(connection).tokens.createJoinToken(request, connection.metadata(), deadline(), done),
    );
    return token;
  });
}

/** What `postern nodes -o json` says of one node; undefined when there is none of this name. Without a process, as above. */
export function askNode(data: string, name: string): Promise<Record<string, unknown> | undefined> {
  return withHubOf(data, async (connection) => {
    const { nodes } = await unary<ListNodesResponse>((done) =>
      hubServices(connection).nodes.listNodes({ name }, connection.metadata(), deadline(), done),
    );
    const found = nodes.find((node) => node.name === name);
    const json = found === undefined ? undefined : nodeJson(found);
    return typeof json === 'object' && json !== null ? { ...json } : undefined;
  });
}

async function withHubOf<T>(data: string, use: (connection: HubConnection) => Promise<T>): Promise<T> {
  const target = await findHub({ hub: undefined, token: undefined, tokenFile: undefined, data });
  const connection = await connectHub(target, connectMs);
  try {
    return await use(connection);
  } finally {
    connection.close();
  }
}
