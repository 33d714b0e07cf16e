/** When messages are due: the k-th of them `intervalMs` after the one before, whatever became of that. */
export interface Schedule {
  /** When the first one is due, Unix milliseconds of this machine's clock. */
  readonly startAtMs: number;
  readonly intervalMs: number;
  /** So many messages in all. */
  readonly amount: number;
}

/** A message that is later than this was late, in milliseconds. */
export const lateAfterMs = 100;
/** A message that is this late, or one interval where that is longer, is not sent any more, in milliseconds. */
const neverAfterMs = 1_000;

/** A test that only receives, whatever comes, goes on for so long at most, milliseconds. */
export const longestReceivingMs = 20 * 86_400_000;

/** When the message is due. */
export function dueAt({ startAtMs, intervalMs }: Schedule, seq: number): number {
  return startAtMs + (seq - 1) * intervalMs;
}

/** How long after the start the last message is over for, at the latest, milliseconds. */
export function sendWindowMs(schedule: Omit<Schedule, 'startAtMs'>): number {
  return Math.max(0, schedule.amount - 1) * schedule.intervalMs + neverAfter(schedule);
}

/**
 * What is to be done about a message at this time: `send` it, or `skip` it since its time is over: after a stop of the
 * process what was missed is not sent in one burst.
 */
export function duty(schedule: Schedule, seq: number, nowMs: number): 'send' | 'skip' {
  return nowMs - dueAt(schedule, seq) < neverAfter(schedule) ? 'send' : 'skip';
}

function neverAfter({ intervalMs }: Pick<Schedule, 'intervalMs'>): number {
  return Math.max(neverAfterMs, intervalMs);
}
