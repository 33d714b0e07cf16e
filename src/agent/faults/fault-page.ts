import { z } from 'zod';
import { faultPlan } from './plan.js';
import { faultSight, mostSights } from './proof/observed.js';

const atMs = z.number();
const text = z.string();

/** What is known of a fault, as it is on disk. */
export const faultPage = z.object({
  v: z.literal(1),
  plan: faultPlan,
  /** What has happened to it, in order. */
  past: z.array(
    z.discriminatedUnion('type', [
      z.object({ type: z.literal('ARMED'), atMs }),
      z.object({ type: z.literal('BEGUN'), atMs }),
      z.object({ type: z.literal('REFUSED'), code: text, message: text }),
      z.object({ type: z.literal('INJECTED'), by: text, atMs }),
      z.object({ type: z.literal('HEAL_ASKED') }),
      z.object({
        type: z.literal('HEALED'),
        atMs,
        code: text.exactOptional(),
        message: text.exactOptional(),
      }),
    ]),
  ),
  /** Packets that it has dropped. */
  dropped: z.number().nonnegative(),
  /** What canaries have seen; absent in what was written by an agent that had none. */
  sights: z.array(faultSight).max(mostSights).exactOptional(),
  /** What they have shown, once that is known. */
  proof: z
    .object({ outcome: z.enum(['confirmed', 'mismatch', 'inconclusive']), reason: text.max(512) })
    .exactOptional(),
});
export type FaultPage = z.infer<typeof faultPage>;
export type Past = FaultPage['past'][number];
