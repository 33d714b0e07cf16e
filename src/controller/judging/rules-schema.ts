import { z } from 'zod';
import { PosternError } from '../../errors.js';
import { defaultRules, type Rules } from './rules.js';

const any = z.literal('any');
const count = z.union([z.number().int().min(0), any], 'a whole number from 0 on, or any');

/** Rules as somebody writes them, with the keys of `Rules`, each of which may be left out. */
export const rulesSchema = z.strictObject({
  lost: count.optional(),
  duplicated: count.optional(),
  reordered: count.optional(),
  lateAfterMs: z.number().positive('more than 0 milliseconds').max(86_400_000, 'at most a day').optional(),
  late: z.union([z.number().min(0).max(1), any], 'a part from 0 to 1, such as 0.01, or any').optional(),
  convergenceMs: z.number().min(0, 'at least 0 milliseconds').max(86_400_000, 'at most a day').optional(),
});

/**
 * The rules that somebody wrote, and those of `base` where he says nothing. Throws `RULES_INVALID`, which names every mistake.
 */
export function readRules(written: unknown, base: Rules = defaultRules): Rules {
  const read = rulesSchema.safeParse(written);
  if (!read.success) {
    throw new PosternError('RULES_INVALID', `there cannot be such rules:\n${z.prettifyError(read.error)}`, {
      hint: `the rules are ${Object.keys(rulesSchema.shape).join(', ')}`,
      exitCode: 2,
    });
  }
  const { data } = read;
  const convergenceMs = data.convergenceMs ?? base.convergenceMs;
  return {
    lost: data.lost ?? base.lost,
    duplicated: data.duplicated ?? base.duplicated,
    reordered: data.reordered ?? base.reordered,
    lateAfterMs: data.lateAfterMs ?? base.lateAfterMs,
    late: data.late ?? base.late,
    ...(convergenceMs === undefined ? {} : { convergenceMs }),
  };
}
