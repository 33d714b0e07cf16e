import type { RecordOf } from '../../bus/result-records.js';
import { PosternError } from '../../errors.js';
import type { Arming } from '../journal/entries.js';
import type { Journal } from '../journal/journal.js';

/**
 * Arms a test, at the wish of an actor (`machine/id`). One that was armed for the same time of the controller stays as it is, in whatever state it is now: the
 * clock may have been measured anew meanwhile, and that is no other time. Throws `TEST_STATE` for any other.
 */
export async function armOnce(journal: Journal, arming: Arming, doer?: string): Promise<void> {
  if (journal.state === 'created') return journal.arm(arming, doer);
  if (journal.snapshot().status === 'active') await journal.flushed();
  const armed = await armingOf(journal);
  if (armed?.t0 === arming.t0) return;
  const { run, test } = journal.created;
  const now = armed === undefined ? `is ${journal.state}` : `was armed for ${instant(armed.t0)}`;
  throw new PosternError(
    'TEST_STATE',
    `the test '${test}' of the run '${run}' ${now}, and cannot be armed for ${instant(arming.t0)}`,
    { hint: 'a test is armed once; stop it and make another one' },
  );
}

/** Starts a test now; one that has started goes on as it is. Throws `TEST_STATE` for one that was stopped or has failed. */
export async function startOnce(journal: Journal, nowMs: number): Promise<void> {
  const { state } = journal;
  const stopped = journal.snapshot().context.stop !== undefined;
  if (state === 'created') await journal.arm({ t0: nowMs, startAt: nowMs, offset: 0, error: 0 });
  else if (state === 'armed') await journal.begin();
  else if (stopped || state === 'failed') {
    const { run, test } = journal.created;
    throw new PosternError(
      'TEST_STATE',
      `the test '${test}' of the run '${run}' is ${state} and will not start`,
    );
  }
}

/**
 * Ends a test before its time. One that sends nothing any more stays as it is, but that it drains for `settleMs` at most. Throws
 * `TEST_INVALID` for a time that is none.
 */
export async function stopOnce(
  journal: Journal,
  reason: string,
  settleMs?: number,
  doer?: string,
): Promise<void> {
  if (settleMs !== undefined && !(settleMs >= 0)) {
    throw new PosternError('TEST_INVALID', `a settle time of ${settleMs} ms is none`);
  }
  const by = 'somebody who called the agent';
  const why = reason === '' ? 'no reason was given' : reason;
  const stop = { type: 'STOP_ASKED', by, reason: why, atMs: Date.now(), settleMs } as const;
  if (journal.snapshot().can(stop)) await journal.stop(by, why, settleMs, doer);
}

async function armingOf(journal: Journal): Promise<RecordOf<'armed'> | undefined> {
  for await (const record of journal.records()) if (record.k === 'armed') return record;
  return undefined;
}

function instant(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}
