import type { AccountCaller } from '../bus/account-messages.js';
import { PosternError } from '../errors.js';
import { normalAddress } from './auth/address.js';
import type { People } from './people.js';

/** Somebody who is known, and whether they may do what is for administrators. */
export interface KnownCaller {
  /** Their verified address; administrators of a hub may have none. */
  readonly email: string | undefined;
  readonly admin: boolean;
  /** What logs call them. */
  readonly name: string;
}

/** Who calls. Throws `UNAUTHENTICATED`, and what `People` throws. */
export async function knownCaller(
  caller: AccountCaller | undefined,
  people: Pick<People, 'isAdmin' | 'assertLive'>,
): Promise<KnownCaller> {
  if (caller === undefined) {
    throw new PosternError(
      'UNAUTHENTICATED',
      'nobody says who calls: show the token of an account, to a hub in front or here',
    );
  }
  await people.assertLive(caller);
  const admin = await people.isAdmin(caller);
  const { email, subject } = caller;
  if (email === undefined && !admin) {
    throw new PosternError(
      'UNAUTHENTICATED',
      `the token of '${subject}' says no mail address, and accounts are known by theirs`,
    );
  }
  return { email, admin, name: email ?? subject };
}

/**
 * The address that a caller asks about; none given: their own. Only administrators may ask about others, and whoever else does
 * is told the same, whether there is somebody of that address or not. Throws `ARGUMENT_INVALID`, `PERMISSION_DENIED`.
 */
export function addressFor({ email, admin }: KnownCaller, given: string): string {
  const asked = given.trim() === '' ? email : normalAddress(given);
  if (asked === undefined) {
    throw new PosternError(
      'ARGUMENT_INVALID',
      given.trim() === '' ? 'email is empty' : 'email is no mail address',
    );
  }
  if (asked !== email && !admin) {
    throw new PosternError(
      'PERMISSION_DENIED',
      'email is not yours: only administrators may ask about others',
    );
  }
  return asked;
}
