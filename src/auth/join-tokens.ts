import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A join token as it is made: `token` is shown once, `secretHash` is what is kept. */
export interface NewJoinToken {
  /** Public id. */
  readonly id: string;
  /** `pj_<id>_<secret>`. */
  readonly token: string;
  /** SHA-256 of the secret, hex. */
  readonly secretHash: string;
}

/** A random public id for a token of any kind: 72 bits, letters and digits. */
export function newTokenId(): string {
  return randomBytes(9).toString('hex');
}

function hash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Makes a join token with a 256 bit secret. */
export function makeJoinToken(): NewJoinToken {
  const id = newTokenId();
  const secret = randomBytes(32).toString('hex');
  return { id, token: `pj_${id}_${secret}`, secretHash: hash(secret) };
}

/** The parts of a join token, or undefined when the text is none. */
export function parseJoinToken(text: string): { id: string; secret: string } | undefined {
  const [, id, secret] = /^pj_([0-9a-f]{18})_([0-9a-f]{64})$/.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** True when `secret` is what `secretHash` was made from; takes the same time wherever they differ. */
export function joinSecretMatches(secret: string, secretHash: string): boolean {
  const given = Buffer.from(hash(secret), 'hex');
  const kept = Buffer.from(secretHash, 'hex');
  return given.length === kept.length && timingSafeEqual(given, kept);
}
