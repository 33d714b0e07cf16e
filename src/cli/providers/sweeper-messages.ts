import { z } from 'zod';

/** What a sweeper is told. */
export const sweeperMessage = z.discriminatedUnion('kind', [
  /** A process was started, in a process group of its own. */
  z.object({ kind: z.literal('started'), pid: z.int().positive() }),
  /** The world ends: what shall become of its directory when all of it is gone. */
  z.object({ kind: z.literal('over'), remove: z.boolean() }),
]);
export type SweeperMessage = z.infer<typeof sweeperMessage>;
