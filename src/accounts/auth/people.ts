import type { AccountCaller } from '../../bus/account-messages.js';
import { PosternError } from '../../errors.js';
import type { AccountsConfig } from '../config.js';
import type { People } from '../people.js';
import { addressKey, type Directory } from './directory.js';
import type { Proofs } from './proofs.js';
import type { SessionEnds } from './session-ends.js';
import type { Sessions } from './sessions.js';

/** What authentication tells the other account services about people. */
export function peopleOf(
  { issuer }: Pick<AccountsConfig, 'issuer'>,
  parts: {
    readonly directory: Directory;
    readonly sessions: Sessions;
    readonly proofs: Proofs;
    readonly ends: SessionEnds;
  },
): People {
  const { directory, sessions, proofs, ends } = parts;
  return {
    key: addressKey,
    async isAdmin(caller) {
      if (isHubAdmin(caller, issuer)) return true;
      if (caller.email === undefined) return false;
      const account = await directory.get(caller.email);
      return account !== undefined && directory.isAdmin(account);
    },
    async assertLive(caller) {
      if (caller.issuer !== issuer) return;
      if (caller.email !== undefined && (await directory.get(caller.email)) !== undefined) return;
      throw new PosternError(
        'UNAUTHENTICATED',
        'the account of the token is not there any more: log in again',
      );
    },
    // without the account nobody gets in, here and then at hubs; sessions and codes are worthless then
    kept: [directory, ends, sessions, proofs],
  };
}

/** An administrator of a hub. What tokens of accounts may do there says nothing here. */
export function isHubAdmin(caller: AccountCaller, issuer: string): boolean {
  return caller.issuer !== issuer && caller.roles.includes('admin');
}
