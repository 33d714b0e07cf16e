import { createHash, createPublicKey, type KeyObject, randomBytes, sign, verify } from 'node:crypto';
import { z } from 'zod';
import type { CallerKey } from './caller-tokens.js';
import { type Identity, type Role, roles } from './identity.js';
import { type JwtParts, readJwt, refusedToken } from './jwt-parts.js';
import { coversAllNodes } from './node-patterns.js';
import { checkAudience, checkTimes } from './token-claims.js';

/** Name of the field that an assertion travels in. */
export const assertionField = 'x-postern-assertion';
/** Name of the field that tells the address of who calls; it proves nothing by itself. */
export const emailField = 'user_email';
/** Path of the public keys, at every address of the hub. */
export const keysPath = '/.well-known/jwks.json';

/** `iss`; no caller token bears it, so that neither can be used as the other. */
const issuer = 'postern-assertion';
/** `typ`, for the same reason (RFC 8725 §3.11). */
const type = 'postern-assertion+jwt';
const algorithm = 'EdDSA';
/** An assertion is good for so long, in milliseconds. */
export const assertionLifeMs = 60_000;
/** One is used again for so long, in milliseconds: signing takes longer than all else that a request costs. */
const reuseMs = 30_000;

/** Who calls, as a hub asserts towards a service. */
export interface Asserted {
  /** Name of the caller, unique within its issuer. */
  readonly subject: string;
  /** Address of the person behind it, verified by the issuer of their token. */
  readonly email?: string | undefined;
  /** Who signed their token: `postern` for hubs, or the URL of another issuer. */
  readonly issuer: string;
  /** What their token lets them do. */
  readonly roles: readonly Role[];
  /** Whether their token leaves nodes out. */
  readonly someNodes: boolean;
  /** Unix time in milliseconds. */
  readonly expiresAtMs: number;
}

/** Says to services who calls, signed with the hub's key for one service each. */
export class AssertionSigner {
  readonly #key: CallerKey;
  readonly #now: () => number;
  readonly #header: string;
  /** The keys that assertions are verified with, as JSON (RFC 7517). */
  readonly publicKeys: string;
  /** By audience; an identity stands for one token, and goes with it. */
  readonly #made = new WeakMap<Identity, Map<string, { readonly text: string; readonly untilMs: number }>>();

  /** @param now Unix time in milliseconds; default `Date.now`. */
  constructor(key: CallerKey, now: () => number = Date.now) {
    this.#key = key;
    this.#now = now;
    this.#header = encode({ alg: algorithm, typ: type, kid: keyId(key.publicKey) });
    this.publicKeys = JSON.stringify({ keys: [key.publicKey, ...key.retired].map(published) });
  }

  /** An assertion for this audience; one that is young enough is given again. */
  assertionFor(identity: Identity, audience: string): string {
    const nowMs = this.#now();
    let made = this.#made.get(identity);
    if (made === undefined) {
      made = new Map();
      this.#made.set(identity, made);
    }
    const known = made.get(audience);
    if (known !== undefined && known.untilMs > nowMs) return known.text;
    const text = this.#sign(identity, audience, nowMs);
    made.set(audience, { text, untilMs: nowMs + reuseMs });
    return text;
  }

  #sign(
    { subject, email, issuer: by, roles: held, nodes }: Identity,
    audience: string,
    nowMs: number,
  ): string {
    const iat = Math.floor(nowMs / 1000);
    const payload = encode({
      iss: issuer,
      aud: audience,
      sub: subject,
      ...(email === undefined ? {} : { email }),
      token_issuer: by,
      roles: held,
      ...(coversAllNodes(nodes) ? {} : { some_nodes: true }),
      iat,
      exp: iat + assertionLifeMs / 1000,
      jti: randomBytes(12).toString('base64url'),
    });
    const signed = `${this.#header}.${payload}`;
    return `${signed}.${sign(null, Buffer.from(signed), this.#key.privateKey).toString('base64url')}`;
  }
}

/** Public keys by their `kid`. */
export type AssertionKeys = ReadonlyMap<string, KeyObject>;

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });
const publicKey = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  kid: z.string(),
});

/** Reads what a hub gives at `/.well-known/jwks.json`. Keys of other kinds are passed over. Throws where it is no set of keys. */
export function readAssertionKeys(json: string): AssertionKeys {
  const keys = new Map<string, KeyObject>();
  for (const entry of keySet.parse(JSON.parse(json)).keys) {
    const read = publicKey.safeParse(entry);
    if (!read.success) continue;
    const { kty, crv, x, kid } = read.data;
    keys.set(kid, createPublicKey({ key: { kty, crv, x }, format: 'jwk' }));
  }
  return keys;
}

const claims = z.object({
  sub: z.string().min(1),
  email: z.string().optional(),
  token_issuer: z.string(),
  roles: z.array(z.enum(roles)),
  some_nodes: z.boolean().default(false),
  iat: z.number(),
});

/**
 * Who calls, by what came as `x-postern-assertion`. Clocks may differ by a minute. Throws `UNAUTHENTICATED`, with a reason
 * that holds nothing of it.
 * @param audience of the service that asks: the name of its route.
 */
export function verifyAssertion(
  text: string,
  { keys, audience, nowMs = Date.now() }: { keys: AssertionKeys; audience: string; nowMs?: number },
): Asserted {
  const parts = readJwt(text);
  const { header, payload } = parts;
  if (
    header.typ !== type ||
    header.alg !== algorithm ||
    header.crit !== undefined ||
    payload.iss !== issuer
  ) {
    throw refusedToken('the text is no assertion of a hub');
  }
  checkSignature(parts, keys);
  checkAudience(payload, audience);
  const expiresAtMs = checkTimes(payload, nowMs);
  const read = claims.safeParse(payload);
  if (!read.success || expiresAtMs - read.data.iat * 1000 > assertionLifeMs) {
    throw refusedToken('the assertion says too little, or is good for too long');
  }
  const { sub, email, token_issuer: by, roles: held, some_nodes: someNodes } = read.data;
  const person = email === undefined ? {} : { email };
  return { subject: sub, ...person, issuer: by, roles: held, someNodes, expiresAtMs };
}

function checkSignature({ header, signed, signature }: JwtParts, keys: AssertionKeys): void {
  const key = typeof header.kid === 'string' ? keys.get(header.kid) : undefined;
  if (key === undefined || !verify(null, Buffer.from(signed), key, signature)) {
    throw refusedToken('the assertion was not signed with a key of the hub');
  }
}

function published(key: KeyObject): Record<string, unknown> {
  const { crv, kty, x } = key.export({ format: 'jwk' });
  return { kty, crv, x, kid: keyId(key), use: 'sig', alg: algorithm };
}

/** RFC 7638. */
function keyId(key: KeyObject): string {
  const { crv, kty, x } = key.export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
