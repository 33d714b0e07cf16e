import { z } from 'zod';
import type { Limits } from './identity.js';

const whole = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

/** The limits that a token may hold; any other name in it is refused, since it could be a limit too. */
export const limitsClaim = z.strictObject({
  /** Not below one in 1,000 seconds. */
  callsPerSecond: z.number().min(0.001).max(1e9).optional(),
  inFlight: whole.optional(),
  bytesPerSecond: whole.optional(),
  messageBytes: whole.optional(),
  deadlineMs: whole.max(2 ** 31 - 1).optional(),
});

/** Names of all limits. */
export const limitNames = limitsClaim.keyof().options;
export type LimitName = (typeof limitNames)[number];

/** The first limit that `wanted` would exceed; undefined: `held` covers it. */
export function limitExceeded(held: Limits, wanted: Limits): LimitName | undefined {
  return limitNames.find((name) => {
    const most = held[name];
    const asked = wanted[name];
    return most !== undefined && (asked === undefined || asked > most);
  });
}

/** The narrower of both, limit by limit. */
export function narrowerLimits(a: Limits, b: Limits): Limits {
  const narrow: Partial<Record<LimitName, number>> = {};
  for (const name of limitNames) {
    const least = Math.min(a[name] ?? Number.POSITIVE_INFINITY, b[name] ?? Number.POSITIVE_INFINITY);
    if (least !== Number.POSITIVE_INFINITY) narrow[name] = least;
  }
  return narrow;
}
