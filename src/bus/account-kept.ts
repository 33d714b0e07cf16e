import { z } from 'zod';

/** Unix milliseconds of the process that wrote it. */
const atMs = z.number().nonnegative().max(8.64e15);
const token = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const address = z.string().max(254);

/** What somebody has said of themself, and who has lately changed it. */
export const profileEntry = z.object({
  v: z.literal(1),
  email: address,
  createdAtMs: atMs,
  changedAtMs: atMs,
  profile: z.object({
    username: z.string().optional(),
    headImage: z.string().optional(),
    sex: z.number().int().optional(),
    age: z.number().int().optional(),
  }),
  /** Another one for each profile that is made, so that no revision of one that is gone is taken for one of its successor. */
  born: token,
  /** How often it was changed; with `born` the revision that programs are told. */
  changes: z.number().int().nonnegative(),
  /** The last requests that were carried out, and the change each made: one that comes again changes nothing. */
  done: z.array(z.object({ request: token, changes: z.number().int().nonnegative() })).max(16),
});
export type ProfileEntry = z.infer<typeof profileEntry>;

/** A room. */
export const roomEntry = z.object({
  v: z.literal(1),
  name: z.string(),
  /** Address of who made it. */
  maker: address,
  createdAtMs: atMs,
});
export type RoomEntry = z.infer<typeof roomEntry>;

/** An erasure that has begun: whichever process sees it finishes it. */
export const erasureEntry = z.object({
  v: z.literal(1),
  email: address,
  /** Who wanted it. */
  by: z.string().max(256),
  atMs,
});
export type ErasureEntry = z.infer<typeof erasureEntry>;
