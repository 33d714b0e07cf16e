import { z } from 'zod';
import { accountMethod } from '../asking/method.js';

const address = z.string().max(512);
const text = (longest: number) => z.string().max(longest);

const session = z.object({
  jwt: z.string(),
  refreshToken: z.string(),
  expiresAtMs: z.number(),
  refreshExpiresAtMs: z.number(),
});
/** What a session goes on with. */
export type SessionTokens = z.infer<typeof session>;

const account = z.object({
  email: z.string(),
  admin: z.boolean(),
  createdAtMs: z.number(),
  seenAtMs: z.number(),
  online: z.boolean(),
});
/** An account, for who may see it. */
export type AccountView = z.infer<typeof account>;

/** Begins to prove an address. */
export const beginMethod = accountMethod('auth', 'begin', {
  args: z.object({ email: address }),
  result: z.object({ mailTo: z.string(), code: z.string() }),
});

/** Ends it, and begins a session. */
export const confirmMethod = accountMethod('auth', 'confirm', {
  args: z.object({ email: address, code: text(128) }),
  result: session,
});

/** Whose a token is; `why`: it is not good. */
export const checkMethod = accountMethod('auth', 'check', {
  args: z.object({ jwt: text(8_192) }),
  result: z.union([
    z.object({ email: z.string(), admin: z.boolean(), session: z.string(), expiresAtMs: z.number() }),
    z.object({ why: z.string() }),
  ]),
});

/** The next tokens of a session. */
export const refreshMethod = accountMethod('auth', 'refresh', {
  args: z.object({ refreshToken: text(256) }),
  result: session,
});

/** Ends the session of the token that calls, or all of the account. */
export const logOutMethod = accountMethod('auth', 'logout', {
  args: z.object({ everywhere: z.boolean(), refreshToken: text(256) }),
  result: z.object({}),
});

/** Whether an account was used lately; without an address: the caller's. */
export const onlineMethod = accountMethod('auth', 'online', {
  args: z.object({ email: address.optional() }),
  result: z.object({ online: z.boolean() }),
});

/** Who calls. */
export const whoAmIMethod = accountMethod('auth', 'whoami', {
  args: z.object({}),
  result: z.object({ email: z.string(), admin: z.boolean() }),
});

/** Accounts in the order of their addresses. */
export const listMethod = accountMethod('auth', 'list', {
  args: z.object({ after: text(512), limit: z.number().int().min(1).max(1_000) }),
  result: z.object({ accounts: z.array(account), more: z.boolean() }),
});

/** Makes an administrator, or no more. */
export const promoteMethod = accountMethod('auth', 'promote', {
  args: z.object({ email: address, demote: z.boolean() }),
  result: account,
});
