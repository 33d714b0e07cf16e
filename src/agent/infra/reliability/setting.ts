import { z } from 'zod';
import { PosternError } from '../../../errors.js';
import { longestFaultMs } from '../../../fault-kinds.js';

/** As often as lots of one in so many can be drawn fairly. */
const mostOdds = 2 ** 31;
/** Draws of one setting that are counted over a restart: three years of one each second. */
const mostDraws = 100_000_000;

/** What is known of the outages of a node, as it is on disk. */
export const reliabilityPage = z.object({
  v: z.literal(1),
  /** Undefined: it is off. */
  setting: z
    .object({
      /** Names it among all settings of this agent: faults have its name. */
      name: z.string().regex(/^[0-9a-z]{1,16}$/),
      timeoutMs: z.number().int().min(1_000).max(longestFaultMs),
      odds: z.number().int().min(2).max(mostOdds),
      seed: z.string(),
    })
    .optional(),
  drawn: z.number().int().min(0).max(mostDraws),
  hits: z.number().int().min(0),
  /** When the last lot was drawn, or should have been; Unix milliseconds. */
  lastMs: z.number(),
});
export type ReliabilityPage = z.infer<typeof reliabilityPage>;

/**
 * How often lots are drawn, and how likely they hit; undefined: never. An outage is a fault, and lasts `longestMs` at
 * most. Throws `RELIABILITY_INVALID`.
 */
export function readReliability(
  asked: { readonly timeoutSeconds: number; readonly odds: number },
  longestMs: number,
): { readonly timeoutMs: number; readonly odds: number } | undefined {
  const { timeoutSeconds, odds } = asked;
  for (const [name, value] of [
    ['timeout', timeoutSeconds],
    ['odds', odds],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < 0)
      throw invalid(`${name}: ${value} is no number of 0 or more`);
  }
  if (odds === 0) return undefined;
  if (timeoutSeconds === 0) throw invalid(`timeout: 0 with odds of ${odds} would draw without a pause`);
  if (odds === 1) throw invalid('odds: 1 would cut the node off for ever; the least is 2');
  if (odds > mostOdds) throw invalid(`odds: ${odds} is more than ${mostOdds}`);
  if (timeoutSeconds * 1_000 > longestMs) {
    throw invalid(`timeout: an outage lasts as long, and no more than ${longestMs / 1_000} seconds`);
  }
  return { timeoutMs: timeoutSeconds * 1_000, odds };
}

function invalid(what: string): PosternError {
  return new PosternError('RELIABILITY_INVALID', what, {
    hint: 'timeout is the seconds from one draw to the next, odds one in how many is an outage; 0 and 0 switch it off',
  });
}
