import { randomBytes } from 'node:crypto';
import { type CryptoKey, compactVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { PosternError } from '../errors.js';
import { readJwt } from './jwt-parts.js';
import type { ServiceKey } from './service-key.js';
import { checkTimes } from './token-claims.js';

/** `iss`; no caller token bears it, so that neither can be used as the other. */
const issuer = 'postern-token-server';
/** `typ`, for the same reason (RFC 8725 §3.11). */
const type = 'postern-service+jwt';
const algorithm = 'EdDSA';

/** Short name of a service that tokens are made for: `rpl` is replication. */
export const serviceName = z
  .string()
  .regex(/^[a-z][a-z0-9]{0,15}$/, 'a service is up to 16 small letters and digits, a letter first');

/** Service of a replication node. */
export const replicationScope = 'rpl';

/** What a token of a token server says. */
export interface ServiceGrant {
  /** Id of the program that asked for it. */
  readonly client: string;
  /** `HOST:PORT` of each service that it is good for, by the service's name. */
  readonly services: Readonly<Record<string, string>>;
  /** Unix time in seconds. */
  readonly expiresAt: number;
}

const claims = z.object({
  sub: z.string().min(1).max(256),
  jti: z.string().min(1).max(64),
  scope: z.string().max(1_024),
  services: z.record(serviceName, z.string().max(512)),
});

/** Signs a token with an id of its own. */
export function signServiceToken(
  key: ServiceKey,
  { client, services, expiresAt }: ServiceGrant,
  nowMs: number = Date.now(),
): Promise<string> {
  return new SignJWT({ scope: Object.keys(services).join(','), services })
    .setProtectedHeader({ alg: algorithm, typ: type, kid: key.id })
    .setIssuer(issuer)
    .setSubject(client)
    .setJti(randomBytes(16).toString('base64url'))
    .setIssuedAt(Math.floor(nowMs / 1000))
    .setExpirationTime(expiresAt)
    .sign(key.privateKey);
}

/** Where the keys of token servers are found. */
export interface ServiceKeys {
  /** Throws `UNAUTHENTICATED`. */
  keyFor(header: { readonly alg: string; readonly kid: string }): Promise<CryptoKey>;
}

/**
 * What a token says, checked: signed with one of the keys, good now (clocks may differ by a minute), for this service. Throws
 * `TOKEN_REFUSED` with a reason that holds nothing of the token.
 */
export async function verifyServiceToken(
  token: string,
  {
    keys,
    scope,
    nowMs = Date.now(),
  }: { readonly keys: readonly ServiceKeys[]; readonly scope: string; readonly nowMs?: number },
): Promise<ServiceGrant> {
  try {
    const { header, payload } = readJwt(token);
    const { typ, alg, kid, crit } = header;
    if (typ !== type || alg !== algorithm || typeof kid !== 'string' || crit !== undefined) {
      throw refused('it is not of a token server');
    }
    await checkSignature(token, await keyOf({ alg, kid }, keys));
    if (payload.iss !== issuer) throw refused('it is not of a token server');
    const expiresAtMs = checkTimes(payload, nowMs);
    const read = claims.safeParse(payload);
    if (!read.success) throw refused('its claims are not understood');
    const { sub, scope: scopes, services } = read.data;
    if (!scopes.split(',').includes(scope) || !Object.hasOwn(services, scope)) {
      throw refused(`it is not good for the service ${scope}`);
    }
    return { client: sub, services, expiresAt: Math.floor(expiresAtMs / 1000) };
  } catch (thrown) {
    if (!(thrown instanceof PosternError) || thrown.code === 'TOKEN_REFUSED') throw thrown;
    throw refused(thrown.message);
  }
}

async function keyOf(
  header: { readonly alg: string; readonly kid: string },
  sets: readonly ServiceKeys[],
): Promise<CryptoKey> {
  let why: unknown = refused('no token server is trusted here');
  for (const keys of sets) {
    try {
      return await keys.keyFor(header);
    } catch (thrown) {
      why = thrown;
    }
  }
  throw why;
}

async function checkSignature(token: string, key: CryptoKey): Promise<void> {
  try {
    await compactVerify(token, key);
  } catch {
    throw refused('its signature is wrong');
  }
}

function refused(why: string): PosternError {
  return new PosternError('TOKEN_REFUSED', `the token is refused: ${why}`);
}
