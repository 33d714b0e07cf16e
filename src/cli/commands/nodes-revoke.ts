import { deadline, unary } from '../../client/call-failed.js';
import { hubServices } from '../../client/hub-services.js';
import type { RevokeNodeResponse } from '../../gen/postern/v1/nodes.js';
import { type Invocation, requiredWord } from '../invocation.js';
import { withHub } from '../with-hub.js';

/** `postern nodes revoke`. */
export async function run(invocation: Invocation): Promise<number> {
  const name = requiredWord(invocation, 0);
  const key = invocation.options.text('key') ?? '';
  return withHub(invocation, async (connection) => {
    const { instances } = await unary<RevokeNodeResponse>((done) =>
      hubServices(connection).nodes.revokeNode({ name, key }, connection.metadata(), deadline(), done),
    );
    const what = key === '' ? `node ${name}` : `the key of node ${name}`;
    invocation.streams.stderr.write(`${what} is revoked; ${instances} of its links ended\n`);
    return 0;
  });
}
