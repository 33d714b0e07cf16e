import { emailClaim } from '../../auth/own-claims.js';
import { PosternError } from '../../errors.js';

/**
 * An address in the one form that accounts are kept by: without blanks around it, in small letters. Nobody runs a mail server
 * that tells `Ada@` from `ada@`, and two accounts of one mailbox would be one too many. Undefined: it is no address, or one that
 * tokens cannot tell (RFC 5321 in ASCII, without quotes and comments).
 */
export function normalAddress(text: string): string | undefined {
  // Before anything is made small: of some letters beyond ASCII, such as the sign of kelvins, that makes one within.
  if (/[^\s!-~]/.test(text)) return undefined;
  const normal = text.trim().toLowerCase();
  return emailClaim.safeParse(normal).success ? normal : undefined;
}

/** What is behind the @. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

/** The address in its normal form. Throws `ARGUMENT_INVALID`. */
export function addressOf(said: string): string {
  const email = normalAddress(said);
  if (email === undefined) {
    throw new PosternError('ARGUMENT_INVALID', 'that is no address: write it as name@example.com, in ASCII');
  }
  return email;
}
