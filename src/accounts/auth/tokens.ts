import { createHmac, randomBytes, timingSafeEqual, verify } from 'node:crypto';
import { SignJWT } from 'jose';
import { AssertionSigner, readAssertionKeys } from '../../auth/assertion.js';
import type { CallerKey } from '../../auth/caller-tokens.js';
import { type JwtParts, readJwt, refusedToken } from '../../auth/jwt-parts.js';
import { checkAudience, checkHeader, checkTimes } from '../../auth/token-claims.js';
import { sessionBeganClaim } from '../../auth/token-session.js';
import type { SessionEntry } from '../../bus/account-messages.js';
import { PosternError } from '../../errors.js';
import type { AccountsConfig } from '../config.js';
import type { SessionTokens } from './methods.js';

const algorithm = 'EdDSA';
const refreshForm = /^prt_([A-Za-z0-9_-]{22})\.(\d{1,9})\.([A-Za-z0-9_-]{32})$/;

/** What a token of an account says. */
export interface AccountToken {
  readonly email: string;
  readonly session: string;
  readonly expiresAtMs: number;
}

/** Makes and reads the tokens of accounts: JWTs for calls, and what they are renewed with. */
export class AccountTokens {
  readonly #key: CallerKey;
  readonly #config: Pick<AccountsConfig, 'issuer' | 'audience' | 'grant' | 'tokenSeconds'>;
  readonly #now: () => number;
  readonly #refreshSecret: Buffer;
  /** The public keys, as JSON (RFC 7517). */
  readonly publicKeys: string;
  readonly #keys: ReturnType<typeof readAssertionKeys>;

  constructor(
    key: CallerKey,
    config: Pick<AccountsConfig, 'issuer' | 'audience' | 'grant' | 'tokenSeconds'>,
    now: () => number,
  ) {
    this.#key = key;
    this.#config = config;
    this.#now = now;
    this.#refreshSecret = key.derive('postern account refresh tokens');
    this.publicKeys = new AssertionSigner(key).publicKeys;
    this.#keys = readAssertionKeys(this.publicKeys);
  }

  /** A JWT that hubs take, as far as their settings for this issuer let them. */
  async sign({
    email,
    session,
    beganMs,
  }: Omit<AccountToken, 'expiresAtMs'> & { readonly beganMs: number }): Promise<{
    jwt: string;
    expiresAtMs: number;
  }> {
    const { issuer, audience, grant, tokenSeconds } = this.#config;
    const iat = Math.floor(this.#now() / 1000);
    const exp = iat + Math.round(tokenSeconds);
    const [kid] = this.#keys.keys();
    const { roles, nodes, methods } = grant;
    const jwt = await new SignJWT({
      email,
      email_verified: true,
      sid: session,
      [sessionBeganClaim]: beganMs,
      postern: { roles, nodes, ...(methods === undefined ? {} : { methods }) },
    })
      .setProtectedHeader({ alg: algorithm, typ: 'JWT', ...(kid === undefined ? {} : { kid }) })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(email)
      .setJti(randomBytes(12).toString('base64url'))
      .setIssuedAt(iat)
      .setExpirationTime(exp)
      .sign(this.#key.privateKey);
    return { jwt, expiresAtMs: exp * 1000 };
  }

  /** What a JWT of ours says; whether its session goes on is another question. Throws `UNAUTHENTICATED`. */
  read(jwt: string): AccountToken {
    const parts = readJwt(jwt);
    const { header, payload } = parts;
    checkHeader(header, [algorithm]);
    if (payload.iss !== this.#config.issuer)
      throw refusedToken('the token is of another issuer: see claim iss');
    if (!this.#signed(parts))
      throw refusedToken('the token was not signed with a key of the account services');
    checkAudience(payload, this.#config.audience);
    const expiresAtMs = checkTimes(payload, this.#now());
    const { email, sid } = payload;
    if (typeof email !== 'string' || typeof sid !== 'string' || !/^[A-Za-z0-9_-]{22}$/.test(sid)) {
      throw refusedToken('the token says too little');
    }
    return { email, session: sid, expiresAtMs };
  }

  #signed({ header, signed, signature }: JwtParts): boolean {
    const key = typeof header.kid === 'string' ? this.#keys.get(header.kid) : undefined;
    return key !== undefined && verify(null, Buffer.from(signed), key, signature);
  }

  /** The refresh token of a session's generation: always the same, so that who did not get it can be given it again. */
  refreshToken(session: string, generation: number): string {
    return `prt_${session}.${generation}.${this.#mac(session, generation).toString('base64url')}`;
  }

  /** Of which session and generation a refresh token is. Throws `UNAUTHENTICATED` for one that was not made here. */
  readRefresh(text: string): { session: string; generation: number } {
    const [, session = '', number = '', mac = ''] = refreshForm.exec(text) ?? [];
    const generation = Number(number);
    const said = Buffer.from(mac, 'base64url');
    const right = this.#mac(session, generation);
    if (session === '' || said.length !== right.length || !timingSafeEqual(said, right)) {
      throw new PosternError('UNAUTHENTICATED', 'the refresh token is not good: log in again');
    }
    return { session, generation };
  }

  #mac(session: string, generation: number): Buffer {
    return createHmac('sha256', this.#refreshSecret)
      .update(`${session}.${generation}`)
      .digest()
      .subarray(0, 24);
  }
}

/** What a session goes on with. */
export async function sessionTokens(
  tokens: AccountTokens,
  session: string,
  entry: Pick<SessionEntry, 'email' | 'createdAtMs' | 'generation' | 'expiresAtMs'>,
): Promise<SessionTokens> {
  const { email, createdAtMs: beganMs, generation, expiresAtMs: refreshExpiresAtMs } = entry;
  const { jwt, expiresAtMs } = await tokens.sign({ email, session, beganMs });
  return { jwt, expiresAtMs, refreshToken: tokens.refreshToken(session, generation), refreshExpiresAtMs };
}
