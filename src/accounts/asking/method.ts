import type { z } from 'zod';
import type { AccountCaller } from '../../bus/account-messages.js';
import { subjects } from '../../bus/subjects.js';

/** The services that account processes answer for on the bus, and the subjects of their methods. */
export const accountSubjects = {
  auth: subjects.accountsAuth,
  storage: subjects.accountsStorage,
  rooms: subjects.accountsRooms,
} as const;
export type AccountService = keyof typeof accountSubjects;

/** A method that faces ask for on the bus; `name` is a token of its subject. */
export interface AccountMethod<A, R> {
  readonly service: AccountService;
  readonly name: string;
  readonly args: z.ZodType<A>;
  readonly result: z.ZodType<R>;
}

/** Declares a method, for who asks and who answers. */
export function accountMethod<A, R>(
  service: AccountService,
  name: string,
  shapes: { args: z.ZodType<A>; result: z.ZodType<R> },
): AccountMethod<A, R> {
  return { service, name, ...shapes };
}

/** What comes with a request beside its arguments. */
export interface AskContext {
  /** The same when a request is asked again, since nobody answered: who answers does it once. */
  readonly request: string;
  /** Where it comes from, as far as the face knows; empty: it does not. */
  readonly source: string;
  /** Who calls, verified; undefined: nobody who is known. */
  readonly caller: AccountCaller | undefined;
}
