import { type AssertionKeys, assertionField, verifyAssertion } from '../../auth/assertion.js';
import type { AccountCaller } from '../../bus/account-messages.js';
import { normalAddress } from '../auth/address.js';
import type { FaceParts } from './face-method.js';

/** Who a token is of. Throws `UNAUTHENTICATED` for one that is not good. */
export type TokenCaller = (token: string, until: { deadlineMs: number }) => Promise<AccountCaller>;

/**
 * Who calls, at a face. A hub's assertion goes first: what a caller writes under its name never comes through a hub. A bare
 * `user_email` proves nothing, and is not read.
 * @param audience whom the assertions are for: the name of the hub's route
 */
export function callerAt(
  audience: string,
  given: { readonly keys: () => Promise<AssertionKeys>; readonly tokenCaller: TokenCaller },
): FaceParts['callerOf'] {
  return async (metadata, until) => {
    const [assertion] = metadata.get(assertionField);
    if (assertion !== undefined) {
      const said = verifyAssertion(String(assertion), { keys: await given.keys(), audience });
      const email = said.email === undefined ? undefined : normalAddress(said.email);
      return {
        subject: said.subject,
        ...(email === undefined ? {} : { email }),
        issuer: said.issuer,
        roles: [...said.roles],
      };
    }
    const header = (name: string) => metadata.get(name)[0]?.toString();
    const token = bearerIn(header) ?? bearer(header('x-postern-authorization'));
    return token === undefined ? undefined : given.tokenCaller(token, until);
  };
}

/** The token of `authorization: Bearer …` or the older `jwt: …`. */
export function bearerIn(header: (name: string) => string | undefined): string | undefined {
  return bearer(header('authorization')) ?? (header('jwt')?.trim() || undefined);
}

function bearer(value: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(value ?? '')?.[1];
}
