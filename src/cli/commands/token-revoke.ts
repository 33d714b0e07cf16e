import { deadline, unary } from '../../client/call-failed.js';
import { hubServices } from '../../client/hub-services.js';
import type { RevokeTokenResponse } from '../../gen/postern/v1/tokens.js';
import { type Invocation, requiredWord } from '../invocation.js';
import { withHub } from '../with-hub.js';

/** `postern token revoke`. */
export async function run(invocation: Invocation): Promise<number> {
  const id = requiredWord(invocation, 0);
  await withHub(invocation, (connection) =>
    unary<RevokeTokenResponse>((done) =>
      hubServices(connection).tokens.revokeToken({ id }, connection.metadata(), deadline(), done),
    ),
  );
  invocation.streams.stderr.write(`token ${id} is revoked\n`);
  return 0;
}
