import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  verify,
} from 'node:crypto';
import { join } from 'node:path';
import { type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { errorText, PosternError } from '../errors.js';
import { loadOrCreatePrivateFile } from '../private-file.js';
import { type Identity, type Role, roles } from './identity.js';
import { nodePattern } from './node-patterns.js';

const issuer = 'postern';
const algorithm = 'EdDSA';
/** Longer ones are refused unread. */
const longestToken = 8192;

const keyFile = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string() });

const claims = z.object({
  sub: z.string().min(1).max(256),
  jti: z.string().min(1).max(64),
  exp: z.number().int(),
  roles: z.array(z.enum(roles)).min(1),
  nodes: z.array(nodePattern).optional(),
});

/** The key pair that signs caller tokens; all hubs of one installation share it. */
export interface CallerKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** 32 secret bytes for another purpose, the same wherever the key is. */
  derive(purpose: string): Buffer;
}

function callerKey(jwk: z.infer<typeof keyFile>): CallerKey {
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  return {
    privateKey,
    publicKey: createPublicKey(privateKey),
    derive: (purpose) => Buffer.from(hkdfSync('sha256', Buffer.from(jwk.d, 'base64url'), '', purpose, 32)),
  };
}

/** Reads `DIR/caller.jwk`, made at the first start. Throws `DATA_UNUSABLE` or `KEY_INVALID`. */
export async function loadOrCreateCallerKey(dir: string): Promise<CallerKey> {
  const path = join(dir, 'caller.jwk');
  const text = await loadOrCreatePrivateFile(path, () =>
    JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })),
  );
  try {
    return callerKey(keyFile.parse(JSON.parse(text)));
  } catch {
    // The cause is left out: it could quote the key.
    throw new PosternError('KEY_INVALID', `${path} is not an Ed25519 key in JWK format`, {
      hint: 'restore it, or remove it to make a new key; all caller tokens that it signed are worthless then',
    });
  }
}

/** Signs a token that says what `identity` says. */
export async function signCallerToken(key: CallerKey, identity: Identity): Promise<string> {
  const payload: JWTPayload = { roles: identity.roles };
  if (identity.nodes !== undefined) payload.nodes = identity.nodes;
  return new SignJWT(payload)
    .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
    .setIssuer(issuer)
    .setAudience(issuer)
    .setSubject(identity.subject)
    .setJti(identity.tokenId)
    .setIssuedAt()
    .setExpirationTime(Math.floor(identity.expiresAtMs / 1000))
    .sign(key.privateKey);
}

/** The default of `roles` where a token is made without any. */
export const defaultRoles: readonly Role[] = ['call'];

/** Checks caller tokens. One that was verified before costs a map look-up. */
export class CallerVerifier {
  readonly #publicKey: KeyObject;
  readonly #isRevoked: (tokenId: string) => boolean;
  readonly #now: () => number;
  readonly #remember: number;
  /** Verified tokens, oldest first. */
  readonly #verified = new Map<string, Identity>();

  constructor(options: {
    publicKey: KeyObject;
    /** Asked at each use of a token. */
    isRevoked: (tokenId: string) => boolean;
    /** Unix time in milliseconds; default `Date.now`. */
    now?: () => number;
    /** How many verified tokens are remembered; default 10,000. */
    remember?: number;
  }) {
    this.#publicKey = options.publicKey;
    this.#isRevoked = options.isRevoked;
    this.#now = options.now ?? Date.now;
    this.#remember = options.remember ?? 10_000;
  }

  /** Who holds the token, if it was verified before and is still good. Never throws. */
  verified(token: string): Identity | undefined {
    const identity = this.#verified.get(token);
    if (identity === undefined) return undefined;
    if (identity.expiresAtMs <= this.#now() || this.#isRevoked(identity.tokenId)) {
      this.#verified.delete(token);
      return undefined;
    }
    return identity;
  }

  /** Who holds the token. Throws `UNAUTHENTICATED`, with a reason that holds nothing of the token. */
  async verify(token: string): Promise<Identity> {
    const known = this.verified(token);
    if (known !== undefined) return known;
    if (token.length > longestToken) throw refused('the token is too long');
    const identity = await this.#check(token);
    if (this.#isRevoked(identity.tokenId)) throw refused('the token was revoked');
    if (this.#verified.size >= this.#remember) {
      const oldest = this.#verified.keys().next();
      if (oldest.done !== true) this.#verified.delete(oldest.value);
    }
    this.#verified.set(token, identity);
    return identity;
  }

  /** True for what is signed as a token of this hub, be it still good or not. Never throws. */
  signed(token: string): boolean {
    if (this.#verified.has(token)) return true;
    if (token.length > longestToken) return false;
    const [header = '', payload = '', signature = ''] = token.split('.');
    // Most tokens are of others, and say so: that is cheaper to see than a wrong signature.
    if (issuerOf(payload) !== issuer) return false;
    const signedText = Buffer.from(`${header}.${payload}`);
    return verify(null, signedText, this.#publicKey, Buffer.from(signature, 'base64url'));
  }

  async #check(token: string): Promise<Identity> {
    let payload: JWTPayload;
    try {
      const result = await jwtVerify(token, this.#publicKey, {
        algorithms: [algorithm],
        issuer,
        audience: issuer,
        requiredClaims: ['exp', 'sub', 'jti'],
        currentDate: new Date(this.#now()),
      });
      payload = result.payload;
    } catch (thrown) {
      throw refused(reasonOf(thrown));
    }
    const read = claims.safeParse(payload);
    if (!read.success) throw refused('the token does not say who calls and what for');
    const { sub, jti, exp, roles: held, nodes } = read.data;
    return { subject: sub, tokenId: jti, issuer, roles: held, nodes, limits: {}, expiresAtMs: exp * 1000 };
  }
}

/** `iss` of a JWT's payload; undefined where there is none. */
function issuerOf(payload: string): unknown {
  try {
    const read: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return typeof read === 'object' && read !== null && 'iss' in read ? read.iss : undefined;
  } catch {
    return undefined;
  }
}

function refused(reason: string): PosternError {
  return new PosternError('UNAUTHENTICATED', reason, {
    hint: 'make one with: postern token create --caller NAME',
  });
}

/** jose's messages name claims, never their values. */
function reasonOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  switch (code) {
    case 'ERR_JWT_EXPIRED':
      return 'the token has expired';
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      return `the token is not for this hub: ${errorText(thrown)}`;
    case 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED':
      return "the token was not signed with this hub's key";
    case 'ERR_JOSE_ALG_NOT_ALLOWED':
      return 'the token is signed in a way that is not allowed';
    default:
      return 'the token is not a caller token of Postern';
  }
}
