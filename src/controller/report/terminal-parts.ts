import type { FaultJudgement, Judgement } from '../judging/judgement.js';
import { many, offset, span } from './amounts.js';
import { type Column, tableLines } from './terminal-table.js';
import { type Paint, printable, wrap } from './terminal-text.js';

/** So many nodes are named one by one; of more there are sums. */
const mostNamed = 8;

/** Every fault as it was planned and as it was. */
export function faultLines(judgement: Judgement, width: number, paint: Paint): string[] {
  const { faults, facts } = judgement;
  if (faults.length === 0) return [];
  const at = (ms: number | undefined): string =>
    ms === undefined ? 'never' : offset(ms - facts.startedAtMs);
  const colour = { confirmed: paint.green, mismatch: paint.red, inconclusive: paint.yellow };
  const columns: Column<FaultJudgement>[] = [
    { title: 'FAULT', text: ({ fault }) => fault, spare: 2 },
    { title: 'NODE', text: ({ node }) => node },
    { title: 'KIND', text: ({ kind }) => kind },
    {
      title: 'PLANNED',
      text: (one) => `${at(one.plannedFromMs)} for ${span(one.plannedToMs - one.plannedFromMs)}`,
      spare: 3,
    },
    { title: 'INJECTED', text: ({ injectedAtMs }) => at(injectedAtMs), isNumber: true, spare: 4 },
    { title: 'HEALED', text: ({ healedAtMs }) => at(healedAtMs), isNumber: true, spare: 5 },
    { title: 'PROOF', text: ({ proof }) => proof, paint: (padded, { proof }) => colour[proof](padded) },
    {
      title: 'CONVERGENCE',
      text: ({ convergenceMs }) => (convergenceMs === undefined ? 'not seen' : span(convergenceMs)),
      isNumber: true,
      spare: 1,
    },
    ...(faults.some(({ reason }) => reason !== undefined)
      ? [{ title: 'REASON', text: ({ reason }: FaultJudgement) => reason ?? '', spare: 6 }]
      : []),
  ];
  return [paint.bold('Faults'), ...indented(tableLines(columns, faults, width - 2, paint))];
}

/** How long each node was out of sight, or its daemon away. */
export function blindLines(judgement: Judgement, width: number, paint: Paint): string[] {
  const { intervals, facts, plan } = judgement;
  if (intervals.length === 0) return [];
  const total = (node: string, what: 'hub' | 'daemon'): string => {
    const own = intervals.filter((one) => one.node === node && one.what === what);
    const sum = own.reduce((all, { fromMs, toMs }) => all + (toMs ?? facts.endedAtMs) - fromMs, 0);
    const open = own.some(({ toMs }) => toMs === undefined) ? ', to the end' : '';
    return own.length === 0 ? '-' : `${span(sum)} in ${own.length}${open}`;
  };
  const nodes = plan.nodes.filter((node) => intervals.some((one) => one.node === node));
  const columns: Column<string>[] = [
    { title: 'NODE', text: (node) => node },
    { title: 'OUT OF SIGHT', text: (node) => total(node, 'hub') },
    { title: 'DAEMON AWAY', text: (node) => total(node, 'daemon') },
  ];
  return [paint.bold('Blind intervals'), ...indented(tableLines(columns, nodes, width - 2, paint))];
}

/** Clocks, seed, plan, versions. */
export function provenanceLines(judgement: Judgement, width: number): string[] {
  const { plan, facts, records, journals } = judgement;
  const entries: [name: string, value: string][] = [
    ['clocks', clocksText(judgement)],
    ['seed', plan.seed],
    ['plan', plan.hash],
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

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
