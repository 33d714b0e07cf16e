import { z } from 'zod';

/** What room control can be told. */
export const roomSettings = z
  .strictObject({
    /** Who may make rooms. */
    madeBy: z.enum(['everybody', 'admins']).default('everybody'),
    /** Rooms in all, and of one maker. */
    most: z.number().int().min(1).max(2_000).default(1_000),
    mostPerMaker: z.number().int().min(1).max(2_000).default(100),
    /** Absent: nobody can be let in, and rooms are names that are kept. */
    livekit: z
      .strictObject({
        /** API of the server; absent: it is not asked, join tokens are signed all the same. */
        url: z
          .string()
          .refine(
            (text) => /^(?:https?|wss?):\/\/[^/@\s]+\/?$/.test(text),
            'it is not http(s)://HOST or ws(s)://HOST',
          )
          .optional(),
        /** File with `KEY: SECRET`, as LiveKit's own `key_file` has them. */
        keyFile: z.string().min(1).optional(),
        /** Or the two themselves, as they stand in the server's configuration under `keys`. */
        key: z.string().min(1).max(256).optional(),
        secret: z.string().min(1).max(1_024).optional(),
        /** The server is waited for so long, seconds. */
        timeoutSeconds: z.number().min(0.1).max(10).default(5),
      })
      .refine(
        ({ keyFile, key, secret }) =>
          keyFile === undefined
            ? key !== undefined && secret !== undefined
            : key === undefined && secret === undefined,
        'it needs either keyFile, or key and secret',
      )
      .optional(),
  })
  .prefault({});
export type RoomSettings = z.infer<typeof roomSettings>;
