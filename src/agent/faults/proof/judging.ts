import type { FaultOutcome } from '../../../../machines/fault-events.js';
import type { Canary } from '../injection.js';
import { compare, isBack, looksBackOf } from './expecting.js';
import { type Observed, type TimedSight, throughOf } from './observed.js';

/** What canaries have shown, and why that is so, for people. */
export interface Proof {
  readonly outcome: FaultOutcome;
  readonly reason: string;
}

/** A spared way is hit when so many of its looks, and at least two of them, fail: one may be slow on a busy machine. */
const hitPart = 0.1;
/** So many reasons are told. */
const mostReasons = 3;
const longestReason = 480;

/** What speaks for and against a fault. */
interface Findings {
  readonly shown: Observed[];
  /** It did not act. */
  readonly against: string[];
  /** Ways that are not as they should be; something else may be why. */
  readonly disturbed: string[];
  /** Why something tells nothing. */
  readonly untold: string[];
  /** Why nobody has felt it. */
  readonly unfelt: string[];
}

/**
 * Says whether a fault acted as planned, of all that was seen. `others`: faults that acted here meanwhile, which may be why
 * a way was disturbed.
 */
export function prove(observed: readonly Observed[], others: readonly string[] = []): Proof {
  const findings: Findings = { shown: [], against: [], disturbed: [], untold: [], unfelt: [] };
  const byChance = observed.filter(
    ({ canary, expects }) => canary.path === 'affected' && expects.sees === 'some',
  );
  for (const one of observed) {
    if (one.canary.path === 'affected') weighAffected(one, Math.max(1, byChance.length), findings);
    else weighSpared(one, findings);
  }
  const { shown, against, disturbed, untold, unfelt } = findings;
  const isOthers = others.length > 0;
  const meanwhile = isOthers ? [`meanwhile acted ${others.join(', ')}`] : [];
  if (against.length > 0 || (disturbed.length > 0 && !isOthers)) {
    return said('mismatch', [...against, ...disturbed]);
  }
  if (unfelt.length > 0) return said('inconclusive', [...unfelt, ...untold, ...disturbed, ...meanwhile]);
  const [first] = shown;
  if (first !== undefined) return { outcome: 'confirmed', reason: summary(first, observed) };
  if (!observed.some(({ canary }) => canary.path === 'affected')) {
    return said('inconclusive', ['there is no way here that it acts on and that can be looked at']);
  }
  return said('inconclusive', [...untold, ...disturbed, ...meanwhile]);
}

function weighAffected(one: Observed, ways: number, findings: Findings): void {
  const { canary, expects, seen } = one;
  const { before, during, after } = seen;
  const is = (what: string) => `${canary.name} ${what}`;
  if (expects.sees !== 'growth') {
    const was = before.at(-1);
    if (was === undefined) return void findings.untold.push(is('was not looked at before it acted'));
    if (!was.through) {
      return void findings.untold.push(
        is(`did not come through before it acted (${was.found ?? 'silence'})`),
      );
    }
  }
  const isOnce = expects.sees === 'change' && expects.lasts === 'once';
  if (during.length === 0 && !isOnce) {
    return void findings.untold.push(is('was not looked at while it acted: it was too short'));
  }
  const word = compare(one, ways);
  if (word.word === 'against') return void findings.against.push(is(word.why));
  if (word.word === 'disturbed') return void doubt(one, during, is(word.why), findings);
  const last = after.at(-1);
  if (last === undefined) return void findings.untold.push(is('was not looked at afterwards'));
  const lasting = looksBackOf(one);
  const isAsBefore = after.length >= lasting && after.slice(-lasting).every((sight) => isBack(one, sight));
  if (!isAsBefore && expects.sees !== 'growth') {
    const found = last.through ? `after ${Math.round(last.ms)} ms, ${last.found ?? ''}` : (last.found ?? '');
    return void doubt(one, [last], is(`is not as before after the heal (${found || 'silence'})`), findings);
  }
  if (word.word === 'unfelt') findings.unfelt.push(is(word.why));
  else if (word.word === 'nothing') findings.untold.push(is(word.why));
  else findings.shown.push(one);
}

/** Whatever else speaks against it may be done by a fault of another node on the same way; then nobody can say. */
function doubt(
  { canary }: Observed,
  sights: readonly TimedSight[],
  why: string,
  { disturbed, untold }: Findings,
): void {
  const names = meanwhileBy(canary, sights);
  if (names.length === 0) disturbed.push(why);
  else untold.push(`${why}; meanwhile acted ${names.join(', ')} there`);
}

/** Names of the faults of other nodes that acted on a way when it was looked at. */
function meanwhileBy({ alsoBy = [] }: Canary, sights: readonly TimedSight[]): string[] {
  return alsoBy
    .filter(({ fromMs, untilMs }) =>
      sights.some(({ atMs, ms }) => atMs <= untilMs && Math.max(atMs, atMs + ms) >= fromMs),
    )
    .map(({ name }) => name);
}

function weighSpared({ canary, seen }: Observed, findings: Findings): void {
  const { before, during, after } = seen;
  // What did not come through before was not hit by this fault.
  if (before.at(-1)?.through !== true) return;
  const isOurs = (sight: TimedSight) => !sight.through && meanwhileBy(canary, [sight]).length === 0;
  const failed = during.filter(isOurs).length;
  if (failed > 0 && (failed === during.length || failed >= Math.max(2, during.length * hitPart))) {
    const why = during.findLast(isOurs)?.found ?? 'silence';
    findings.disturbed.push(
      `${canary.name} was to be spared, and failed ${failed} of ${during.length} times (${why})`,
    );
  } else if (after.slice(-1).some(isOurs)) {
    findings.disturbed.push(`${canary.name} was to be spared, and does not come through after the heal`);
  }
}

function said(outcome: FaultOutcome, reasons: readonly string[]): Proof {
  const more = reasons.length > mostReasons ? [`${reasons.length - mostReasons} more`] : [];
  const told = [...reasons.slice(0, mostReasons), ...more].join('; ');
  return { outcome, reason: told.slice(0, longestReason) };
}

function summary({ canary, expects, seen }: Observed, observed: readonly Observed[]): string {
  const looks = (sights: Observed['seen']['before']): string => `${throughOf(sights)} of ${sights.length}`;
  const { before, during, after } = seen;
  const told =
    expects.sees === 'growth' || expects.sees === 'change'
      ? `was ${before.at(-1)?.found ?? 'not there'} before, ${(during.at(-1) ?? after.at(-1))?.found ?? ''} then`
      : `came through ${looks(before)} times before, ${looks(during)} while it acted, ${looks(after)} afterwards`;
  const others = observed.length - 1;
  const more = others === 0 ? '' : `; ${others} more ${others === 1 ? 'way' : 'ways'} looked at`;
  return `${canary.name} ${told}${more}`.slice(0, longestReason);
}
