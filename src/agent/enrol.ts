import { z } from 'zod';
import { refusalHint } from '../auth/refusal-hint.js';
import { sign, type UserKey } from '../bus/nkeys.js';
import { PosternError } from '../errors.js';
import type { OutboundOptions } from '../wire/outbound.js';
import { postJson } from '../wire/post-json.js';

const challenge = z.object({ nonce: z.string().min(1).max(1024), expiresAtMs: z.number() });

/** A path on the hub: two slashes at its front would name another host. */
const pathAlone = /^(\/[\w.~-]+)+$/;

/** What an agent gets at the front door. */
const enrolled = z.object({
  node: z.string(),
  /** Credentials for the bus, good for this node and key alone. */
  jwt: z.string().min(1),
  /** URLs of the bus. */
  nats: z.array(z.string().min(1)),
  /** Path of the front door where NATS is spoken over WebSocket. */
  natsPath: z.string().max(256).regex(pathAlone).optional(),
  /** When the credentials end, by the hub's clock. */
  expiresAtMs: z.number(),
});

/** Credentials for the bus, and where it is. */
export interface Enrolment {
  readonly jwt: string;
  readonly nats: readonly string[];
  /** Path of the hub's front door where NATS is spoken over WebSocket; undefined: nowhere. */
  readonly natsPath: string | undefined;
  /** How long the credentials are good, counted from now, milliseconds. Told by the hub's clock, not by ours. */
  readonly lifeMs: number;
}

/**
 * Enrols at a hub's front door: proves that the agent holds `key`, and gets credentials for the bus. With `token`, a
 * key that the hub does not know yet is bound to the node's name.
 *
 * Throws `PosternError` with the hub's code (`TOKEN_INVALID`, `KEY_UNKNOWN`, `REVOKED`, …), or `HUB_UNREACHABLE`,
 * `HUB_TIMEOUT` or `HUB_ANSWER_INVALID`.
 */
export async function enrol(options: {
  hub: string;
  node: string;
  key: UserKey;
  token: string | undefined;
  timeoutMs: number;
  signal: AbortSignal;
  outbound: OutboundOptions;
}): Promise<Enrolment> {
  const { hub, node, key, token, timeoutMs, signal, outbound } = options;
  const ask = <T>(path: string, body: unknown, schema: z.ZodType<T>) =>
    postJson({ url: new URL(path, hub), body, schema, timeoutMs, signal, outbound }).catch(
      (thrown: unknown) => {
        throw refusal(thrown, node);
      },
    );
  const { body: asked } = await ask('/v1/enrol/challenge', { node, key: key.publicKey }, challenge);
  const signed = sign(key.seed, new TextEncoder().encode(`postern-enrol:v1:${node}:${asked.nonce}`));
  const { body, dateMs } = await ask(
    '/v1/enrol',
    {
      node,
      key: key.publicKey,
      nonce: asked.nonce,
      signature: Buffer.from(signed).toString('base64url'),
      ...(token === undefined ? {} : { token }),
    },
    enrolled,
  );
  return { jwt: body.jwt, nats: body.nats, natsPath: body.natsPath, lifeMs: body.expiresAtMs - dateMs };
}

function refusal(thrown: unknown, node: string): unknown {
  if (!(thrown instanceof PosternError)) return thrown;
  return new PosternError(thrown.code, thrown.message, {
    hint: refusalHint(thrown.code, node) ?? thrown.hint,
    cause: thrown,
  });
}
