import { joinAborts } from '../../joined-abort.js';
import type { SendOutcome } from '../adapters/adapter.js';
import { dueAt, duty, lateAfterMs, type Schedule } from './schedule.js';

/** What a sender tells of, in this order for each message that is sent: intent, outcome. */
export interface SenderLog {
  /** Resolves when it is safe that the message will be sent; rejects when it must not be. */
  intend(message: {
    readonly seq: number;
    readonly due: number;
    readonly payload: Uint8Array;
  }): Promise<void>;
  settled(
    seq: number,
    outcome: SendOutcome,
    times: { readonly sentAt?: number; readonly ackAt: number },
  ): Promise<void>;
  slipped(slip: {
    readonly seq: number;
    readonly due: number;
    readonly late: number;
    readonly sent: boolean;
  }): Promise<void>;
}

/** What a sender needs. */
export interface SenderOptions {
  readonly schedule: Schedule;
  /** The first message that was not meant to be sent before. */
  readonly from: number;
  readonly payload: (seq: number) => Uint8Array;
  readonly send: (payload: Uint8Array, signal: AbortSignal, seq: number) => Promise<SendOutcome>;
  /** A message that is not answered for so long counts as one of which nobody knows, milliseconds. */
  readonly answerWithinMs: number;
  /** The same counts for what is not answered when this is aborted. */
  readonly givenUp: AbortSignal;
  /** So many messages may wait for their answers; more are late. */
  readonly mostOpen: number;
  readonly log: SenderLog;
  readonly clock: SenderClock;
}

/** Time, as a sender sees it. */
export interface SenderClock {
  /** Unix milliseconds. */
  now(): number;
  /** Resolves at that time, or when the signal is aborted; at once when it is over. */
  until(atMs: number, signal: AbortSignal): Promise<void>;
}

/**
 * Sends the messages of one test by the clock: each at its time, whether or not those before it were answered. Resolves
 * when all are sent and answered, or when the signal has ended it; what was begun is told in any case. Rejects with what
 * `log` rejects with: then nothing more is sent.
 */
export async function sendAll(options: SenderOptions, signal: AbortSignal): Promise<void> {
  const { schedule, log, clock } = options;
  const open = new Set<Promise<void>>();
  let failure: { readonly thrown: unknown } | undefined;
  for (let seq = options.from; seq <= schedule.amount; seq++) {
    const due = dueAt(schedule, seq);
    await clock.until(due, signal);
    if (open.size >= options.mostOpen) await Promise.race(open);
    if (signal.aborted || failure !== undefined) break;
    const late = clock.now() - due;
    const sent = duty(schedule, seq, clock.now()) === 'send';
    if (late > lateAfterMs) await log.slipped({ seq, due, late, sent });
    if (!sent) continue;
    const payload = options.payload(seq);
    await log.intend({ seq, due, payload });
    const sending = sendOne(options, seq, payload)
      .catch((thrown: unknown) => {
        failure ??= { thrown };
      })
      .finally(() => open.delete(sending));
    open.add(sending);
  }
  await Promise.all(open);
  if (failure !== undefined) throw failure.thrown;
}

async function sendOne(options: SenderOptions, seq: number, payload: Uint8Array): Promise<void> {
  const { log, clock } = options;
  const late = joinAborts([options.givenUp], options.answerWithinMs);
  const sentAt = clock.now();
  try {
    const outcome = await options.send(payload, late.signal, seq);
    const times = { ackAt: clock.now() };
    // What the daemon was never given has no time at which it was.
    const isOffered = outcome.outcome !== 'fail' || outcome.wasOffered !== false;
    await log.settled(seq, outcome, isOffered ? { sentAt, ...times } : times);
  } finally {
    late.release();
  }
}
