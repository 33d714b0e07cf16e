import type { Rules } from '../../controller/judging/rules.js';
import { durationText } from '../../controller/scenario/quantities.js';

/** Each rule by its name in a scenario, as one is written there. */
const written: Readonly<Record<string, (rules: Rules) => string>> = {
  'allow.lost': ({ lost }) => String(lost),
  'allow.duplicated': ({ duplicated }) => String(duplicated),
  'allow.reordered': ({ reordered }) => String(reordered),
  'allow.late': ({ late }) => (late === 'any' ? late : `${Number((late * 100).toFixed(4))}%`),
  late_after: ({ lateAfterMs }) => durationText(lateAfterMs),
  convergence: ({ convergenceMs }) => (convergenceMs === undefined ? 'no rule' : durationText(convergenceMs)),
};

/** Which rules are not those of the scenario: `allow.lost: 2 (the scenario: 0)`. */
export function rulesDifference(rules: Rules, scenarios: Rules): string[] {
  return Object.entries(written).flatMap(([name, text]) => {
    const [now, then] = [text(rules), text(scenarios)];
    return now === then ? [] : [`${name}: ${now} (the scenario: ${then})`];
  });
}
