/** What a token says of itself. Nobody has checked it: for show alone. */
export interface TokenFacts {
  /** Public id; '' where it tells none. */
  readonly id: string;
  /** Whom it is for; '' where it tells nobody. */
  readonly subject: string;
  /** Unix time in milliseconds; undefined: it tells no end. */
  readonly expiresAtMs: number | undefined;
}

/** Reads a JWT without checking its signature; undefined for what is none. Never throws. */
export function tokenFacts(token: string): TokenFacts | undefined {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return undefined;
  try {
    const read: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof read !== 'object' || read === null) return undefined;
    const text = (value: unknown): string =>
      typeof value === 'string' ? value.replace(/\p{Cc}/gu, '?').slice(0, 256) : '';
    const exp = 'exp' in read ? read.exp : undefined;
    return {
      id: 'jti' in read ? text(read.jti) : '',
      subject: 'sub' in read ? text(read.sub) : '',
      // A Date tells no later time than this.
      expiresAtMs: typeof exp === 'number' && Math.abs(exp) <= 8.64e12 ? exp * 1000 : undefined,
    };
  } catch {
    return undefined;
  }
}

/** `id 3fK9, for ci, good until 2026-01-01T00:00:00.000Z`; what is left out is not told. */
export function tokenFactsText(facts: TokenFacts | undefined, nowMs: number): string {
  if (facts === undefined) return 'not a token that tells its id';
  const { id, subject, expiresAtMs } = facts;
  const parts = [id === '' ? '' : `id ${id}`, subject === '' ? '' : `for ${subject}`];
  if (expiresAtMs !== undefined) {
    const when = new Date(expiresAtMs).toISOString();
    parts.push(expiresAtMs <= nowMs ? `expired at ${when}` : `good until ${when}`);
  }
  return parts.filter((part) => part !== '').join(', ');
}
