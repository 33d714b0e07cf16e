import { randomBytes } from 'node:crypto';
import { PosternError } from '../../errors.js';
import type { Ask } from '../asking/ask.js';
import type { AccountsConfig } from '../config.js';
import type { TokenCaller } from '../face/caller.js';
import { checkMethod } from './methods.js';

/** Whose a token is. */
export interface CheckedToken {
  readonly email: string;
  readonly admin: boolean;
  readonly session: string;
  readonly expiresAtMs: number;
}

/** Asks whose a token is. Throws `UNAUTHENTICATED`, and `NO_ANSWER` after the deadline. */
export type CheckToken = (jwt: string, until: { deadlineMs: number }) => Promise<CheckedToken>;

/** A name for a request that nobody else has. */
export function newRequest(): string {
  return randomBytes(16).toString('base64url');
}

/** Asks on the bus whose a token is. */
export function tokenCallerOf(
  ask: Ask,
  { issuer, grant }: Pick<AccountsConfig, 'issuer' | 'grant'>,
): { check: CheckToken; tokenCaller: TokenCaller } {
  const check: CheckToken = async (jwt, until) => {
    if (jwt.length > 8_192) throw new PosternError('UNAUTHENTICATED', 'the token is too long');
    const context = { request: newRequest(), source: '', caller: undefined };
    const found = await ask(checkMethod, { jwt }, context, until);
    if ('why' in found) throw new PosternError('UNAUTHENTICATED', found.why);
    return found;
  };
  return {
    check,
    tokenCaller: async (jwt, until) => {
      const { email, session } = await check(jwt, until);
      return { subject: email, email, issuer, roles: [...grant.roles], session };
    },
  };
}
