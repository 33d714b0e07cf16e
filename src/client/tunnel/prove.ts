import { z } from 'zod';
import { enrolStatement } from '../../auth/enrol-challenge.js';
import { sign, type UserKey } from '../../bus/nkeys.js';
import type { OutboundOptions } from '../../wire/outbound.js';
import { postJson } from '../../wire/post-json.js';

const challenge = z.object({ nonce: z.string().min(1).max(1024) });

/** Who wants a tunnel, and how it may be proven. */
export interface TunnelProof {
  readonly node: string;
  /** Without one the token stands for it. */
  readonly key: UserKey | undefined;
  /** Join token; beside a key it is needed once. */
  readonly token: string | undefined;
}

/**
 * The headers that prove to a hub who asks for a tunnel at `url`; a key is asked for over the same origin. Throws what
 * `postJson` throws.
 */
export async function proofHeaders(
  { node, key, token }: TunnelProof,
  options: { url: URL; outbound: OutboundOptions; timeoutMs: number; signal: AbortSignal },
): Promise<Record<string, string>> {
  const bearer: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  if (key === undefined) return bearer;
  const { url, ...rest } = options;
  const door = new URL('/v1/enrol/challenge', url);
  door.protocol = url.protocol === 'wss:' ? 'https:' : 'http:';
  const { body } = await postJson({
    ...rest,
    url: door,
    body: { node, key: key.publicKey },
    schema: challenge,
  });
  const signature = sign(key.seed, enrolStatement(node, body.nonce));
  return {
    ...bearer,
    'x-postern-key': key.publicKey,
    'x-postern-nonce': body.nonce,
    'x-postern-signature': Buffer.from(signature).toString('base64url'),
  };
}
