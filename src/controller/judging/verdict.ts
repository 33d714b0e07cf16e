import type { Reason, Verdict } from './judgement.js';

/** A reason, and the tests that it is about. */
export interface FoundReason {
  readonly reason: Reason;
  /** Names of tests on the nodes; `all`: it is about the run. */
  readonly tests: ReadonlySet<string> | 'all';
}

/** The verdict that some reasons make: `fail` outweighs `unknown`, which outweighs `pass`. */
export function verdictOf(reasons: readonly FoundReason[]): Verdict {
  const verdicts = new Set(reasons.map(({ reason }) => reason.verdict));
  if (verdicts.has('fail')) return 'fail';
  return verdicts.has('unknown') ? 'unknown' : 'pass';
}

/** The verdict on one test, by the reasons that are about it. */
export function verdictOn(test: string, reasons: readonly FoundReason[]): Verdict {
  return verdictOf(reasons.filter(({ tests }) => tests === 'all' || tests.has(test)));
}
