import { z } from 'zod';
import { errorText, PosternError } from '../errors.js';
import { authOf } from './authenticator.js';
import { accountUpdateSubject, type BusAuthority, type RevokedKeys } from './authority.js';
import { connectNats } from './transport.js';

/** A server's answer to a new document of an account. */
const answer = z.object({
  server: z.object({ name: z.string() }).optional(),
  data: z.object({ code: z.number() }).optional(),
  error: z.object({ description: z.string() }).optional(),
});

/**
 * Tells the NATS servers which keys' credentials they shall not take any more; connections that were made with them are
 * cut at once. The whole set is told each time. Servers of a cluster hear it from each other; all forget it when they
 * start anew. Resolves to the name of the server that answered first.
 *
 * Throws `REVOCATION_FAILED`: no server could be reached within `timeoutMs`, or it does not take the document.
 */
export async function revokeOnServers(options: {
  readonly authority: Pick<BusAuthority, 'revocation'>;
  readonly servers: readonly string[];
  readonly revoked: RevokedKeys;
  readonly timeoutMs?: number;
}): Promise<string> {
  const { authority, servers, revoked, timeoutMs = 5000 } = options;
  const { account, accountJwt, credentials, inboxPrefix } = await authority.revocation(revoked);
  try {
    const nats = await connectNats({
      servers: [...servers],
      authenticator: (nonce) => authOf(credentials, nonce),
      inboxPrefix,
      name: 'revocation',
      timeout: timeoutMs,
      reconnect: false,
    });
    try {
      const reply = await nats.request(accountUpdateSubject(account), accountJwt, { timeout: timeoutMs });
      const { server, data, error } = answer.parse(reply.json());
      if (data?.code !== 200) throw new Error(error?.description ?? 'the server does not take it');
      return server?.name ?? '';
    } finally {
      await nats.close();
    }
  } catch (thrown) {
    throw new PosternError(
      'REVOCATION_FAILED',
      `the NATS server was not told which credentials are revoked: ${errorText(thrown)}`,
      {
        hint: 'credentials that were handed out work until they expire; the server must run with the configuration of this data directory (postern init)',
        cause: thrown,
      },
    );
  }
}
