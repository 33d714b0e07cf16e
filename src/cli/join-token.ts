import { deadline, unary } from '../client/call-failed.js';
import { connectHub } from '../client/hub-connection.js';
import { hubServices } from '../client/hub-services.js';
import { findHub } from '../client/hub-target.js';
import type { CreateJoinTokenResponse } from '../gen/postern/v1/tokens.js';

/** How long connecting to a hub on the same machine may take, in milliseconds. */
const connectMs = 5_000;

/** A join token for the node, made with the admin token of a hub's data directory. */
export async function makeJoinToken(data: string, node: string): Promise<string> {
  const target = await findHub({ hub: undefined, token: undefined, tokenFile: undefined, data });
  const connection = await connectHub(target, connectMs);
  try {
    const { tokens } = hubServices(connection);
    const made = await unary<CreateJoinTokenResponse>((done) =>
      tokens.createJoinToken(
        { node, ttlSeconds: 60, uses: 1, labels: {} },
        connection.metadata(),
        deadline(),
        done,
      ),
    );
    return made.token;
  } finally {
    connection.close();
  }
}
