import type { Counts, Trouble } from '../judging/judgement.js';
import type { Rules } from '../judging/rules.js';

/** All that can be wrong with a message, the worst first. */
export const troubles = [
  'lost',
  'vanished',
  'corrupt',
  'unexpected',
  'unknown',
  'duplicated',
  'late',
  'reordered',
  'recovered',
] as const satisfies readonly Trouble[];

/** What a pair looks like: `bad` breaks a rule at once, `unknown` could not be judged, `odd` is worth a look. */
export type Standing = 'bad' | 'unknown' | 'odd' | 'good' | 'idle';

/** What stands out of some counts. */
export interface Remark {
  readonly standing: Standing;
  readonly trouble?: Trouble;
  readonly count: number;
}

/** The worst that some counts tell under these rules, and how often it was. */
export function remarkOn(counts: Counts, rules: Rules): Remark {
  for (const trouble of troubles) {
    const count = counts[trouble];
    if (count > 0) return { standing: standingOf(trouble, rules), trouble, count };
  }
  return counts.expected === 0 && counts.ok === 0
    ? { standing: 'idle', count: 0 }
    : { standing: 'good', count: counts.delivered };
}

/** What one trouble makes of a pair; a rule of `any` takes its sting away. */
export function standingOf(trouble: Trouble, rules: Rules): Standing {
  switch (trouble) {
    case 'vanished':
    case 'corrupt':
    case 'unexpected':
      return 'bad';
    case 'unknown':
      return 'unknown';
    case 'recovered':
      return 'odd';
    default:
      return rules[trouble] === 'any' ? 'odd' : 'bad';
  }
}

/** For sorting: the worst pairs first; among equals the one with more troubles. */
export function worseFirst(rules: Rules): (a: { counts: Counts }, b: { counts: Counts }) => number {
  const order: readonly Standing[] = ['bad', 'unknown', 'odd', 'good', 'idle'];
  const place = ({ standing, trouble, count }: Remark): number[] => [
    order.indexOf(standing),
    trouble === undefined ? troubles.length : troubles.indexOf(trouble),
    -count,
  ];
  return (a, b) => {
    const left = place(remarkOn(a.counts, rules));
    const right = place(remarkOn(b.counts, rules));
    const at = left.findIndex((value, i) => value !== right[i]);
    return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
  };
}
