import type { BlindTime, FaultJudgement, Judgement } from '../judging/judgement.js';
import { many, offset, span } from './amounts.js';
import { convergenceText, kindText, sightTexts } from './fault-texts.js';
import { type Column, tableLines } from './terminal-table.js';
import { type Paint, printable, wrap } from './terminal-text.js';

/** Of so many ways it is told what canaries saw; the page and the JSON have all. */
const mostSights = 24;

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
    { title: 'KIND', text: (one) => kindText(judgement, one) },
    {
      title: 'PLANNED',
      text: (one) => `${at(one.plannedFromMs)} for ${span(one.plannedToMs - one.plannedFromMs)}`,
      spare: 3,
    },
    { title: 'INJECTED', text: ({ injectedAtMs }) => at(injectedAtMs), isNumber: true, spare: 4 },
    { title: 'HEALED', text: ({ healedAtMs }) => at(healedAtMs), isNumber: true, spare: 5 },
    { title: 'BY', text: ({ by }) => by ?? '-', spare: 7 },
    { title: 'PROOF', text: ({ proof }) => proof, paint: (padded, { proof }) => colour[proof](padded) },
    {
      title: 'CONVERGENCE',
      text: convergenceText,
      isNumber: true,
      spare: 1,
    },
    ...(faults.some(({ reason }) => reason !== undefined)
      ? [{ title: 'REASON', text: ({ reason }: FaultJudgement) => reason ?? '', spare: 6 }]
      : []),
  ];
  const seen = faults.flatMap((fault) => sightTexts(fault).map((text) => `${fault.fault}: ${text}`));
  const more = seen.length - mostSights;
  return [
    paint.bold('Faults'),
    ...indented(tableLines(columns, faults, width - 2, paint)),
    ...seen
      .slice(0, mostSights)
      .flatMap((text) => wrap(printable(text), width - 2, 2).map((line) => paint.dim(`  ${line}`))),
    ...(more > 0 ? [paint.dim(`  … ${many(more, 'more way')}`)] : []),
  ];
}

/** How long each node was out of sight, or its daemon away. */
export function blindLines(judgement: Judgement, width: number, paint: Paint): string[] {
  const { intervals, blind = [], facts, plan } = judgement;
  if (intervals.length === 0 && blind.length === 0) return [];
  const total = (node: string, what: 'hub' | 'daemon'): string => {
    const own = intervals.filter((one) => one.node === node && one.what === what);
    const sum = own.reduce((all, { fromMs, toMs }) => all + (toMs ?? facts.endedAtMs) - fromMs, 0);
    const open = own.some(({ toMs }) => toMs === undefined) ? ', to the end' : '';
    return own.length === 0 ? '-' : `${span(sum)} in ${own.length}${open}`;
  };
  const nodes = plan.nodes.filter((node) => [...intervals, ...blind].some((one) => one.node === node));
  const of = (node: string): BlindTime | undefined => blind.find((one) => one.node === node);
  const columns: Column<string>[] = [
    { title: 'NODE', text: (node) => node },
    ...(blind.length === 0 ? [] : [{ title: 'BLIND', text: (node: string) => blindText(of(node)) }]),
    ...(blind.every(({ neverMs }) => neverMs === 0)
      ? []
      : [{ title: 'NEVER TOLD', text: (node: string) => neverText(of(node)), spare: 1 }]),
    { title: 'OUT OF SIGHT', text: (node) => total(node, 'hub'), spare: 3 },
    { title: 'DAEMON AWAY', text: (node) => total(node, 'daemon'), spare: 2 },
  ];
  return [paint.bold('Blind intervals'), ...indented(tableLines(columns, nodes, width - 2, paint))];
}

/** How long nobody could know of a node: `3.4 s in 2, at most 3 s`. */
function blindText(blind: BlindTime | undefined): string {
  if (blind === undefined) return '-';
  const { ms, longestMs, times } = blind;
  return `${span(ms)} in ${times}${times > 1 ? `, at most ${span(longestMs)}` : ''}`;
}

function neverText(blind: BlindTime | undefined): string {
  return blind === undefined || blind.neverMs === 0 ? '-' : span(blind.neverMs);
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
