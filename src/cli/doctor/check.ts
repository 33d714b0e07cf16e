import { setTimeout as sleep } from 'node:timers/promises';
import { errorText, PosternError } from '../../errors.js';
import type { Subject } from './subject.js';

/** `warn` works still; `skipped` could not be looked at, or does not matter here. */
export type Outcome = 'ok' | 'warn' | 'fail' | 'skipped';

/** What was found of one thing. */
export interface Found {
  readonly outcome: Outcome;
  /** One line. */
  readonly says: string;
  /** What to do about it; a command line stands between backquotes. */
  readonly mend?: string;
}

/** What was found by the check of this name. */
export interface Finding extends Found {
  readonly check: string;
}

/** One look at one thing. What it throws is a failure. */
export interface Check {
  readonly name: string;
  run(subject: Subject): Promise<Found>;
}

/** How long one check may take, in milliseconds. */
export const checkMs = 5_000;

export function ok(says: string): Found {
  return { outcome: 'ok', says };
}

export function warn(says: string, mend: string): Found {
  return { outcome: 'warn', says, mend };
}

export function fail(says: string, mend: string): Found {
  return { outcome: 'fail', says, mend };
}

export function skipped(says: string): Found {
  return { outcome: 'skipped', says };
}

/** Runs all checks at once; resolves to what they found, in their order. Never rejects. */
export function runChecks(checks: readonly Check[], subject: Subject): Promise<Finding[]> {
  return Promise.all(checks.map((check) => runCheck(check, subject)));
}

async function runCheck(check: Check, subject: Subject): Promise<Finding> {
  const bound = new AbortController();
  const late = sleep(checkMs, undefined, { signal: bound.signal }).then(
    () =>
      fail(
        `this took longer than ${checkMs / 1000} s`,
        'try again; if it stays, see what holds this machine up',
      ),
    () => skipped('not waited for'),
  );
  try {
    return { check: check.name, ...(await Promise.race([check.run(subject), late])) };
  } catch (thrown) {
    const hint = thrown instanceof PosternError ? thrown.hint : undefined;
    return { check: check.name, ...fail(errorText(thrown), hint ?? 'run it again with --log-level debug') };
  } finally {
    bound.abort();
  }
}

/** A word of a shell's command line. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
