import { type KeyObject, verify } from 'node:crypto';
import { type CryptoKey, compactVerify, errors } from 'jose';
import { ownAlgorithm } from './caller-tokens.js';
import type { Identity } from './identity.js';
import type { TrustedIssuer } from './issuers.js';
import { type JwtParts, longestToken, readJwt, refusedToken } from './jwt-parts.js';
import { ownIdentity, ownIssuer } from './own-claims.js';
import { checkAudience, checkHeader, checkTimes, isExpired } from './token-claims.js';
import type { TokenSession } from './token-session.js';

/** A token that was verified. */
interface Verified {
  readonly identity: Identity;
  /** Of another issuer: with which of its keys. */
  readonly by: { readonly issuer: TrustedIssuer; readonly generation: number } | undefined;
}

const expired = 'the token has expired';
const revoked = 'the token was revoked';
const over = 'the session of the token is over: log in again';

/** Checks caller tokens. One that was verified before costs a map look-up. */
export class CallerVerifier {
  /** The present one first. */
  readonly #publicKeys: readonly KeyObject[];
  readonly #issuers: ReadonlyMap<string, TrustedIssuer>;
  readonly #isRevoked: (tokenId: string) => boolean;
  readonly #isOver: (session: TokenSession) => boolean;
  readonly #now: () => number;
  readonly #remember: number;
  /** Verified tokens, oldest first. */
  readonly #verified = new Map<string, Verified>();

  constructor(options: {
    publicKey: KeyObject;
    /** Keys of the hub that were replaced, and are still believed. */
    retired?: readonly KeyObject[];
    /** Others whose tokens are taken, beside the hub's own. */
    issuers?: readonly TrustedIssuer[];
    /** Asked at each use of a token. */
    isRevoked: (tokenId: string) => boolean;
    /** Whether the session that a token is of is over, asked at each use of one; default: none is. */
    isOver?: (session: TokenSession) => boolean;
    /** Unix time in milliseconds; default `Date.now`. */
    now?: () => number;
    /** How many verified tokens are remembered; default 10,000. */
    remember?: number;
  }) {
    this.#publicKeys = [options.publicKey, ...(options.retired ?? [])];
    this.#issuers = new Map((options.issuers ?? []).map((issuer) => [issuer.name, issuer]));
    this.#isRevoked = options.isRevoked;
    this.#isOver = options.isOver ?? (() => false);
    this.#now = options.now ?? Date.now;
    this.#remember = options.remember ?? 10_000;
  }

  /** Who holds the token, if it was verified before and is still good. Never throws. */
  verified(token: string): Identity | undefined {
    const known = this.#verified.get(token);
    if (known === undefined) return undefined;
    const { identity, by } = known;
    const trusted = by === undefined || by.issuer.keys.trusts(by.generation);
    if (trusted && this.ended(identity) === undefined) return identity;
    this.#verified.delete(token);
    return undefined;
  }

  /** Why a token that was good is so no more: it or its session has ended, or it was revoked; undefined: it is good still. */
  ended({
    expiresAtMs,
    tokenId,
    session,
  }: Pick<Identity, 'expiresAtMs' | 'tokenId' | 'session'>): string | undefined {
    if (isExpired(expiresAtMs, this.#now())) return expired;
    if (this.#isRevoked(tokenId)) return revoked;
    return session !== undefined && this.#isOver(session) ? over : undefined;
  }

  /** Who holds the token. Throws `UNAUTHENTICATED`, with a reason that holds nothing of the token. */
  async verify(token: string): Promise<Identity> {
    const known = this.verified(token);
    if (known !== undefined) return known;
    const fresh = await this.#check(token);
    const ended = this.ended(fresh.identity);
    if (ended !== undefined) throw refusedToken(ended);
    // Others may have asked at the same time: one token stands for one identity.
    const meanwhile = this.verified(token);
    if (meanwhile !== undefined) return meanwhile;
    if (this.#verified.size >= this.#remember) {
      const oldest = this.#verified.keys().next();
      if (oldest.done !== true) this.#verified.delete(oldest.value);
    }
    this.#verified.set(token, fresh);
    return fresh.identity;
  }

  /** True for what is signed as a token of this hub, be it still good or not. Never throws. */
  signed(token: string): boolean {
    if (this.#verified.has(token)) return true;
    if (token.length > longestToken) return false;
    // Most tokens are of others, and say so: that is cheaper to see than a wrong signature.
    return issuerOf(token.split('.', 2)[1] ?? '') === ownIssuer && this.#isSignedHere(token);
  }

  async #check(token: string): Promise<Verified> {
    const parts = readJwt(token);
    const { iss } = parts.payload;
    if (iss === ownIssuer) return { identity: this.#checkOwn(token, parts), by: undefined };
    const issuer = typeof iss === 'string' ? this.#issuers.get(iss) : undefined;
    if (issuer === undefined) throw refusedToken('the token is of nobody who is trusted here: see claim iss');
    return this.#checkIssued(token, parts, issuer);
  }

  #checkOwn(token: string, { header, payload }: JwtParts): Identity {
    checkHeader(header, [ownAlgorithm]);
    if (!this.#isSignedHere(token)) throw refusedToken("the token was not signed with this hub's key");
    const expiresAtMs = checkTimes(payload, this.#now());
    checkAudience(payload, ownIssuer);
    return ownIdentity(payload, expiresAtMs);
  }

  /** The form of the token must have been checked, or not matter. */
  #isSignedHere(token: string): boolean {
    const [header = '', payload = '', signature = ''] = token.split('.');
    const text = Buffer.from(`${header}.${payload}`);
    const bytes = Buffer.from(signature, 'base64url');
    return this.#publicKeys.some((key) => verify(null, text, key, bytes));
  }

  async #checkIssued(token: string, { header, payload }: JwtParts, issuer: TrustedIssuer): Promise<Verified> {
    checkHeader(header, issuer.algorithms);
    const { alg, kid } = header;
    if (typeof alg !== 'string' || (kid !== undefined && typeof kid !== 'string')) {
      throw refusedToken('the header of the token is malformed: see kid');
    }
    const key = await issuer.keys.keyFor(kid === undefined ? { alg } : { alg, kid });
    const { generation } = issuer.keys;
    await checkSignature(token, key, 'the token was not signed with a key of its issuer');
    const expiresAtMs = checkTimes(payload, this.#now());
    checkAudience(payload, issuer.audience);
    return { identity: issuer.identity(payload, expiresAtMs, token), by: { issuer, generation } };
  }
}

/** Throws `UNAUTHENTICATED` with this reason where the signature is not of this key, or the key not good enough. */
async function checkSignature(token: string, key: KeyObject | CryptoKey, reason: string): Promise<void> {
  try {
    await compactVerify(token, key);
  } catch (thrown) {
    if (thrown instanceof errors.JWSSignatureVerificationFailed) throw refusedToken(reason);
    throw refusedToken('the signature of the token can not be checked with the key that it names');
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
