import type { Verdict } from '../../controller/judging/judgement.js';
import type { Run } from '../../gen/postern/v1/runs.js';

/** The exit status that tells a verdict. */
export function statusOfVerdict(verdict: Verdict): number {
  return { pass: 0, fail: 3, unknown: 4 }[verdict];
}

/** The exit status that tells what became of a run that has ended: one that somebody ended shows at best nothing. */
export function statusOfRun({ state, verdict }: Pick<Run, 'state' | 'verdict'>): number {
  if (state === 'refused') return 2;
  if (verdict === 'fail') return statusOfVerdict('fail');
  return statusOfVerdict(verdict === 'pass' && state === 'passed' ? 'pass' : 'unknown');
}
