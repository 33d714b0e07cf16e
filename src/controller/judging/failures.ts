import type { JudgedTest } from './judge-test.js';
import type { FaultJudgement, Trouble } from './judgement.js';
import type { Rules } from './rules.js';
import type { FoundReason } from './verdict.js';
import { counted, listed, span } from './wording.js';

/** What no rule allows, and what one may; the worst first. */
const limited = [
  { trouble: 'lost', rule: 'lost', what: 'lost' },
  { trouble: 'vanished', rule: undefined, what: 'gone after they had come' },
  { trouble: 'corrupt', rule: undefined, what: 'received with other content than was sent' },
  { trouble: 'unexpected', rule: undefined, what: 'received and never sent' },
  { trouble: 'duplicated', rule: 'duplicated', what: 'received twice' },
  { trouble: 'reordered', rule: 'reordered', what: 'received behind later ones' },
] as const;

/** How one fault's heal went. */
export interface Healed {
  readonly fault: Pick<FaultJudgement, 'fault' | 'node' | 'kind' | 'healedAtMs'>;
  /** Milliseconds; `never`: something never came; undefined: it is not known. */
  readonly convergence: number | 'never' | undefined;
}

/** What may be so because not everything had its time. */
const bySoonEnd: ReadonlySet<string> = new Set(['lost', 'control-loss', 'late', 'convergence']);

/** Of a run that was ended before its time: what had no time to come is not known to be lost. */
export function endedEarly(reasons: readonly FoundReason[]): FoundReason[] {
  return reasons.map((found) =>
    bySoonEnd.has(found.reason.code)
      ? {
          ...found,
          reason: {
            ...found.reason,
            verdict: 'unknown',
            text: `${found.reason.text} (not all had its time)`,
          },
        }
      : found,
  );
}

/** Why a run has failed. */
export function failures(
  tests: readonly JudgedTest[],
  healed: readonly Healed[],
  rules: Rules,
): FoundReason[] {
  return [
    ...limited.flatMap(({ trouble, rule, what }) =>
      tooMany(tests, trouble, what, rule === undefined ? 0 : rules[rule]),
    ),
    ...(rules.lost === 'any' ? [] : lostInControl(tests)),
    ...tooLate(tests, rules),
    ...notConverged(healed, rules),
  ];
}

function tooMany(
  tests: readonly JudgedTest[],
  trouble: Trouble,
  what: string,
  allowed: number | 'any',
): FoundReason[] {
  const count = tests.reduce((sum, { totals }) => sum + totals[trouble], 0);
  if (allowed === 'any' || count <= allowed) return [];
  const limit = allowed === 0 ? '' : `, and ${allowed} may be`;
  const verb = count === 1 ? 'was' : 'were';
  const text = `${counted(count, 'message')} ${verb} ${what}${limit}: ${places(tests, trouble)}`;
  return [fail(trouble, text, tests, trouble)];
}

function lostInControl(tests: readonly JudgedTest[]): FoundReason[] {
  const control = tests.filter(({ phase, totals }) => phase === 'control' && totals.lost > 0);
  if (control.length === 0) return [];
  const text = `a loss without any fault, by the harness or the daemon: ${places(control, 'lost')}`;
  return [fail('control-loss', text, control, 'lost')];
}

function tooLate(tests: readonly JudgedTest[], { late: allowed, lateAfterMs }: Rules): FoundReason[] {
  const late = tests.reduce((sum, { totals }) => sum + totals.late, 0);
  const delivered = tests.reduce((sum, { totals }) => sum + totals.delivered, 0);
  if (allowed === 'any' || late <= allowed * delivered) return [];
  const verb = late === 1 ? 'was' : 'were';
  const limit = allowed === 0 ? '' : ` and ${allowed * 100} % may be`;
  const text = `${late} of ${counted(delivered, 'message')} ${verb} later than ${span(lateAfterMs)}${limit}: ${places(tests, 'late')}`;
  return [fail('late', text, tests, 'late')];
}

function notConverged(healed: readonly Healed[], { convergenceMs: limit }: Rules): FoundReason[] {
  if (limit === undefined) return [];
  const slow = healed.filter(
    ({ convergence }) => convergence !== undefined && (convergence === 'never' || convergence > limit),
  );
  if (slow.length === 0) return [];
  const names = slow.map(({ fault, convergence }) => {
    const took = typeof convergence === 'number' ? `took ${span(convergence)}` : 'never ended';
    return `${fault.kind} of ${fault.node} (${fault.fault}): it ${took}`;
  });
  const text = `what was sent before a heal had not all come ${span(limit)} after it: ${listed(names)}`;
  return [{ reason: { code: 'convergence', verdict: 'fail', text }, tests: 'all' }];
}

/** Where a trouble is, the worst place first. */
function places(tests: readonly JudgedTest[], trouble: Trouble): string {
  const found = tests.flatMap(({ name, pairs }) =>
    pairs.map(({ sender, receiver = '', counts }) => ({
      where: `${sender} to ${receiver} in ${name}`,
      count: counts[trouble],
    })),
  );
  const worst = found.filter(({ count }) => count > 0).sort((one, other) => other.count - one.count);
  return listed(worst.map(({ where, count }) => `${where}: ${count}`));
}

function fail(code: string, text: string, tests: readonly JudgedTest[], trouble: Trouble): FoundReason {
  const about = tests.filter(({ totals }) => totals[trouble] > 0).map(({ test }) => test);
  return { reason: { code, verdict: 'fail', text }, tests: new Set(about) };
}
