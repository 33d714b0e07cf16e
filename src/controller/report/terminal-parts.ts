import type { Judgement } from '../judging/judgement.js';
import { many, span } from './amounts.js';
import { printable, wrap } from './terminal-text.js';

/** So many nodes are named one by one; of more there are sums. */
const mostNamed = 8;

/** Clocks, seed, plan, versions. */
export function provenanceLines(judgement: Judgement, width: number): string[] {
  const { plan, facts, records, journals } = judgement;
  const entries: [name: string, value: string][] = [
    ['clocks', clocksText(judgement)],
    ['seed', plan.seed],
    ['plan', plan.hash],
    ...(plan.replays === undefined ? [] : [['replays', plan.replays] satisfies [string, string]]),
    ['versions', versionsText(facts.versions)],
    ['records', `${records} of ${many(journals, 'journal')}`],
  ];
  return entries.flatMap(([name, value]) =>
    wrap(printable(value), width - 9).map((line, i) => (i === 0 ? name : '').padEnd(9) + line),
  );
}

function clocksText({ facts }: Judgement): string {
  const all = Object.entries(facts.clocks);
  if (all.length === 0) return 'nobody measured them';
  if (all.length <= mostNamed) {
    return all
      .map(([node, { offsetMs, errorMs }]) => `${node} ${span(offsetMs)} ± ${span(errorMs)}`)
      .join(', ');
  }
  const offsets = all.map(([, { offsetMs }]) => offsetMs);
  const errors = all.map(([, { errorMs }]) => errorMs);
  return `${many(all.length, 'node')}, offsets ${span(Math.min(...offsets))} to ${span(Math.max(...offsets))}, errors at most ${span(Math.max(...errors))}`;
}

function versionsText(versions: Readonly<Record<string, string>>): string {
  const names = new Map<string, string[]>();
  for (const [name, version] of Object.entries(versions)) {
    names.set(version, [...(names.get(version) ?? []), name]);
  }
  return [...names]
    .map(([version, all]) => {
      const more = all.length > mostNamed ? ` and ${all.length - mostNamed} more` : '';
      return `${version} (${all.slice(0, mostNamed).join(', ')}${more})`;
    })
    .join(', ');
}
