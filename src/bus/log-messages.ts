import { z } from 'zod';

/** A part of a file holds at most this many bytes. */
export const largestLogPart = 256 * 1024;
/** And no fewer, but for the last one: each takes some hundred bytes more where it is stored. */
export const smallestLogPart = 4 * 1024;
/** Name of a file in an upload, with its folders: at most this long, in characters. */
export const longestLogPath = 512;
/** And the folder and the name of an upload. */
export const longestLogPlace = 128;

const count = z.number().int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Where a file belongs; what may stand here is for the hub to say. */
const place = {
  v: z.literal(1),
  folder: z.string().max(longestLogPlace),
  name: z.string().max(longestLogPlace),
  file: z.string().max(longestLogPath),
};

/** An agent brings a log file to a hub, any hub, step by step; each step may be asked again. */
export const logPart = z.discriminatedUnion('kind', [
  /** What is there of it? */
  z.object({ ...place, kind: z.literal('ask') }),
  /** A file of this size and content follows; what is there of another content makes room when it is whole. */
  z.object({ ...place, kind: z.literal('begin'), size: count, sha256 }),
  /** Some of it, from `at` on. */
  z.object({
    ...place,
    kind: z.literal('part'),
    sha256,
    at: count,
    /** Base64. */
    data: z.string().max(Math.ceil(largestLogPart / 3) * 4 + 64),
    /** The bytes are compressed by gzip. */
    gzip: z.boolean(),
  }),
  /** All of it was sent. */
  z.object({ ...place, kind: z.literal('end'), sha256 }),
]);
export type LogPart = z.infer<typeof logPart>;

/** What a hub answers to it: how far it is. */
export const logAnswer = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    /** `checking`: all of it is there and is looked through: ask again. */
    state: z.enum(['none', 'open', 'checking', 'whole']),
    /** Of the file that was begun, or is whole. */
    size: count,
    sha256: z.union([sha256, z.literal('')]),
    /** So many bytes of it are there. */
    have: count,
    /** Where a whole one is. */
    link: z.string().max(4096),
  }),
  z.object({
    ok: z.literal(false),
    /**
     * `retry`: later; `full`: there is no room; `refused`: it fits nowhere, now or later; `large`: send smaller parts;
     * `changed`: what was sent is not what was begun, and was thrown away.
     */
    code: z.enum(['retry', 'full', 'refused', 'large', 'changed']),
    message: z.string().max(512),
  }),
]);
export type LogAnswer = z.infer<typeof logAnswer>;
