import { z } from 'zod';

const atMs = z.number().nonnegative().max(8.64e15);
const count = z.number().int().nonnegative();
const token = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
/** SHA-256 or a shorter MAC, base64url. */
const digest = z.string().regex(/^[A-Za-z0-9_-]{16,64}$/);
/** An address in the one form that accounts are kept by. */
const address = z
  .string()
  .max(254)
  .regex(/^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u);

/** Who calls, as a face of the account services has verified it. */
export const accountCaller = z.object({
  /** Name of the caller, unique within its issuer. */
  subject: z.string().min(1).max(256),
  /** Their verified address, in the form that accounts are kept by. */
  email: address.optional(),
  /** Who signed their token. */
  issuer: z.string().max(512),
  roles: z.array(z.string().max(32)).max(16),
  /** The session that their token is of, where accounts made it and it came here itself. */
  session: token.optional(),
});
export type AccountCaller = z.infer<typeof accountCaller>;

/** A request of a face to whichever process of the account services. */
export const accountRequest = z.object({
  v: z.literal(1),
  /** The same when it is asked again, since nobody answered. */
  request: token,
  /** Where it comes from, as far as the face knows: an address of the network; empty: it does not. */
  source: z.string().max(64),
  caller: accountCaller.optional(),
  /** What the method takes. */
  args: z.unknown(),
});
export type AccountRequest = z.infer<typeof accountRequest>;

/** What became of it: what the method gives, or a code for programs and a text for people. */
export const accountAnswer = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({ ok: z.literal(false), code: z.string().max(64), message: z.string().max(1_024) }),
]);
export type AccountAnswer = z.infer<typeof accountAnswer>;

/** An account. */
export const accountEntry = z.object({
  v: z.literal(1),
  email: address,
  createdAtMs: atMs,
  /** An administrator by promotion; those of the configuration are besides. */
  admin: z.boolean(),
  /** When it was used last, to the minute. */
  seenAtMs: atMs,
  /** Sessions of before this moment are over. */
  sessionsFromMs: atMs,
});
export type AccountEntry = z.infer<typeof accountEntry>;

/** What there is of an address that somebody wants to prove, or how often somebody wanted such. */
export const proofEntry = z.discriminatedUnion('k', [
  z.object({
    k: z.literal('codes'),
    email: address,
    /** When codes were asked for, within the last hour. */
    askedMs: z.array(atMs).max(1_000),
    /** Wrong codes that may still come, from whomever, before all that are here are worthless. */
    triesLeft: count,
    codes: z
      .array(
        z.object({
          /** The request that it was made for; with a secret it gives the code again. */
          request: token,
          codeHash: digest,
          expiresAtMs: atMs,
          /** Where it is still to be mailed: when somebody else may take that in hand. */
          mailAtMs: atMs.optional(),
          /** The mail with it has come from the address, or was never asked for. */
          proven: z.boolean(),
          /** The request that has confirmed it, and the session that it got. */
          confirmed: z.object({ request: token, session: token }).optional(),
        }),
      )
      .max(16),
  }),
  z.object({
    k: z.literal('pace'),
    /** When a source asked for codes, within the time that counts. */
    atMs: z.array(atMs).max(1_000),
    /** How often it has said a wrong code, by a hash of the address. */
    wrong: z
      .array(
        z.object({
          of: digest,
          tries: count,
          /** When the last one came, and in which request. */
          atMs,
          request: token,
        }),
      )
      .max(1_000)
      .optional(),
  }),
]);
export type ProofEntry = z.infer<typeof proofEntry>;
export type ProofCodes = Extract<ProofEntry, { k: 'codes' }>;

/** A session of an account. */
export const sessionEntry = z.object({
  v: z.literal(1),
  email: address,
  createdAtMs: atMs,
  expiresAtMs: atMs,
  /** How many refresh tokens were given. */
  generation: count,
  /** The request that had the last one given, which gets it again. */
  refreshedBy: token,
  /** When it was given. */
  refreshedAtMs: atMs.optional(),
  /** Over: somebody logged out, or a refresh token came twice. */
  ended: z.enum(['logout', 'reuse']).optional(),
  /** Absent where an older version has ended it. */
  endedAtMs: atMs.optional(),
});
export type SessionEntry = z.infer<typeof sessionEntry>;

/** The end of sessions is told to hubs for so long: longer than the longest life of a token, a day, and all difference of clocks. */
export const endsKeptMs = 25 * 3_600_000;

/** A session that is over, or those of an account. */
export const endEntry = z.object({
  v: z.literal(1),
  /** Of an account: its sessions that began before this moment; absent: the one session that the key names. */
  beforeMs: atMs.optional(),
  /** When it was told. */
  atMs,
});
export type EndEntry = z.infer<typeof endEntry>;
