import type { AccountCaller } from '../bus/account-messages.js';
import type { PersonalData } from './personal-data.js';

/** What storage and rooms ask about people; authentication knows it. */
export interface People {
  /** Key of an address in buckets: another one for each, and always a good one. */
  key(address: string): string;
  /** Whether a caller may do what is for administrators. */
  isAdmin(caller: AccountCaller): Promise<boolean>;
  /** Throws `UNAUTHENTICATED` for a caller whose token is of an account that is not there any more. */
  assertLive(caller: AccountCaller): Promise<void>;
  /** What authentication keeps about people. */
  readonly kept: readonly PersonalData[];
}
