import { createHash } from 'node:crypto';

/** Of which session and whose account a token is, by marks under which hubs are told that they are over. */
export interface TokenSession {
  readonly session: string;
  readonly account: string;
  /** When the session began at the latest, Unix milliseconds; 0: the token does not say. */
  readonly beganMs: number;
}

/** Claim of a token that says when its session began, in Unix milliseconds. */
export const sessionBeganClaim = 'session_began_ms';

/** The mark of a session: a hash, so that it tells nothing, and no issuer can end what is of another one. */
export function sessionMark(issuer: string, session: string): string {
  return mark('session', issuer, session);
}

/** The mark of whoever a token's claim `sub` names. */
export function accountMark(issuer: string, subject: string): string {
  return mark('account', issuer, subject);
}

function mark(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

/** Of which session a token is, by claim `sid` (`iat`: a time); undefined: of none that has a name. */
export function sessionOf(
  issuer: string,
  subject: string,
  claims: Readonly<Record<string, unknown>>,
): TokenSession | undefined {
  const { sid, iat } = claims;
  if (typeof sid !== 'string' || sid === '') return undefined;
  const began = claims[sessionBeganClaim];
  // A session is no younger than its tokens. `iat` leaves the milliseconds out.
  const madeMs = typeof iat === 'number' ? iat * 1_000 + 999 : 0;
  return {
    session: sessionMark(issuer, sid),
    account: accountMark(issuer, subject),
    beganMs: typeof began === 'number' ? began : madeMs,
  };
}
