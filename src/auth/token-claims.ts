import { refusedToken } from './jwt-parts.js';

/** Clocks may differ by so much, in milliseconds: for the expiry, the beginning and the making of a token alike. */
export const clockSkewMs = 60_000;
/** The last moment that a `Date` can tell, Unix time in seconds. */
const latestSeconds = 8.64e12;

type Claims = Readonly<Record<string, unknown>>;

/** Unix time in milliseconds of a claim that holds seconds; undefined: it is not there. */
function momentOf(claims: Claims, name: string): number | undefined {
  const value = claims[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !(value >= 0 && value <= latestSeconds)) {
    throw refusedToken(`claim ${name} of the token is no time`);
  }
  return value * 1_000;
}

/**
 * Checks `exp`, which has to be there, `nbf` and `iat`. Resolves to the expiry, Unix time in milliseconds. Throws
 * `UNAUTHENTICATED`.
 */
export function checkTimes(claims: Claims, nowMs: number): number {
  const expiresAtMs = momentOf(claims, 'exp');
  const notBeforeMs = momentOf(claims, 'nbf');
  const madeAtMs = momentOf(claims, 'iat');
  if (expiresAtMs === undefined) throw refusedToken('the token has no expiry: claim exp is missing');
  if (isExpired(expiresAtMs, nowMs)) throw refusedToken('the token has expired');
  if (notBeforeMs !== undefined && notBeforeMs > nowMs + clockSkewMs) {
    throw refusedToken('the token is not valid yet: claim nbf is in the future');
  }
  if (madeAtMs !== undefined && madeAtMs > nowMs + clockSkewMs) {
    throw refusedToken('the token was not made yet: claim iat is in the future');
  }
  return expiresAtMs;
}

/** True when a token with this expiry is good no more, clock skew allowed for. */
export function isExpired(expiresAtMs: number, nowMs: number): boolean {
  return nowMs > expiresAtMs + clockSkewMs;
}

/** Checks that `aud`, one or several, names the audience. Throws `UNAUTHENTICATED`. */
export function checkAudience(claims: Claims, audience: string): void {
  const { aud } = claims;
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!named.includes(audience)) throw refusedToken('the token is for another audience: see claim aud');
}

/** Checks what the header asks for. Throws `UNAUTHENTICATED`. */
export function checkHeader(header: Claims, algorithms: readonly string[]): void {
  const { alg, crit, typ } = header;
  if (typeof alg !== 'string' || !algorithms.includes(alg)) {
    throw refusedToken('the token is signed in a way that is not allowed: see alg in its header');
  }
  // No extension is known here, so that none can be heeded.
  if (crit !== undefined) throw refusedToken('the token demands an extension that is not known: see crit');
  if (typ !== undefined && (typeof typ !== 'string' || !/^(?:application\/)?(?:at\+)?jwt$/i.test(typ))) {
    throw refusedToken('the token is not an access token: see typ in its header');
  }
}
