import { z } from 'zod';
import { resultToken } from '../../bus/result-records.js';
import { PosternError } from '../../errors.js';

/** What a fault can do; see docs/faults.md. */
export const faultKinds = ['link', 'peers', 'pause', 'kill', 'restart'] as const;
export type FaultKind = (typeof faultKinds)[number];

/** The longest that a fault may last, milliseconds. */
export const longestFaultMs = 3_600_000;
/** The shortest, of those that last, milliseconds. */
const shortestFaultMs = 100;
/** The furthest ahead that a fault may be armed, milliseconds: timers of Node hold no more. */
const furthestMs = 20 * 24 * 3_600_000;

const finite = z.number().min(-8.64e15).max(8.64e15);

/** What somebody asked for. */
export const faultPlan = z
  .object({
    run: resultToken,
    fault: resultToken,
    kind: z.enum(faultKinds, `a fault is of a kind: ${faultKinds.join(', ')}`),
    /** When it comes, Unix milliseconds by the clock of whoever asked. */
    atMs: finite,
    /** How long it lasts, milliseconds; of `kill`, 0 is as long as a fault may last. */
    forMs: z.number().min(0).max(longestFaultMs, 'a fault lasts an hour at most'),
    /** That clock minus the own one, milliseconds, and how wrong that may be. */
    offsetMs: finite,
    errorMs: z.number().min(0),
  })
  .superRefine(({ kind, forMs }, context) => {
    const path = ['forMs'];
    if (kind === 'restart') {
      if (forMs !== 0) {
        context.addIssue({
          code: 'custom',
          path,
          message: 'a restart takes no time; use kill for an outage',
        });
      }
    } else if (forMs < shortestFaultMs && !(kind === 'kill' && forMs === 0)) {
      context.addIssue({ code: 'custom', path, message: `it lasts at least ${shortestFaultMs} ms` });
    }
  });
export type FaultPlan = z.infer<typeof faultPlan>;

/** Reads what somebody asks for. Throws `FAULT_INVALID` that names every mistake. */
export function readFaultPlan(asked: unknown, nowMs: number): FaultPlan {
  const read = faultPlan.safeParse(asked);
  if (!read.success) {
    const mistakes = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new PosternError('FAULT_INVALID', `there cannot be such a fault: ${mistakes.join('; ')}`);
  }
  const { atMs, offsetMs } = read.data;
  if (atMs - offsetMs > nowMs + furthestMs) {
    throw new PosternError('FAULT_INVALID', 'a fault is armed at most 20 days ahead');
  }
  return read.data;
}

/** When it begins, and how long it lasts, by the own clock. */
export function timesOf({ kind, atMs, offsetMs, forMs }: FaultPlan): { startAtMs: number; forMs: number } {
  return { startAtMs: atMs - offsetMs, forMs: kind === 'kill' && forMs === 0 ? longestFaultMs : forMs };
}

/** True for the same fault: the clock may have been measured anew meanwhile, and that is no other one. */
export function isSamePlan(one: FaultPlan, other: FaultPlan): boolean {
  return one.kind === other.kind && one.atMs === other.atMs && one.forMs === other.forMs;
}
