import type { Judgement, Quantiles, TestJudgement, Verdict } from '../judging/judgement.js';
import { instant, many, share, span } from './amounts.js';
import { blindLines, faultLines } from './terminal-faults.js';
import { layerLines } from './terminal-layers.js';
import { messageLines } from './terminal-messages.js';
import { pairTable } from './terminal-pairs.js';
import { provenanceLines } from './terminal-parts.js';
import { type Paint, plain, printable, wrap } from './terminal-text.js';

/** How a report is written. */
export interface TerminalOptions {
  /** Columns of the terminal; what is narrower than 40 is written as if it were 40. */
  readonly width: number;
  /** Default: no colours. */
  readonly paint?: Paint;
  /** At most so many pairs are listed of each test, the worst first. Default 12. */
  readonly pairs?: number;
}

/** Narrower than this nothing can be read. */
const narrowest = 40;

/** A judgement for a terminal: the verdict and why, each test, where messages stayed, the troubled ones, faults, blind intervals, clocks, seed and versions. */
export function terminalReport(judgement: Judgement, options: TerminalOptions): string {
  const width = Math.max(narrowest, Math.floor(options.width));
  const paint = options.paint ?? plain;
  const parts = [
    headLines(judgement, width, paint),
    ...judgement.tests.map((test) => testLines(judgement, test, width, paint, options.pairs ?? 12)),
    layerLines(judgement, width, paint, options.pairs ?? 12),
    messageLines(judgement, width, paint),
    faultLines(judgement, width, paint),
    blindLines(judgement, width, paint),
    provenanceLines(judgement, width),
  ];
  const text = parts.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${text.join('\n\n')}\n`;
}

/** Colours what a verdict is. */
function painted(verdict: Verdict, text: string, paint: Paint): string {
  const colour = { pass: paint.green, fail: paint.red, unknown: paint.yellow }[verdict];
  return paint.bold(colour(text));
}

/** A verdict, and of what. */
function titleLines(verdict: Verdict, title: string, width: number, paint: Paint): string[] {
  const word = verdict.toUpperCase();
  const [first = '', ...more] = wrap(`${word} ${printable(title)}`, width, word.length + 1);
  return [painted(verdict, word, paint) + paint.bold(first.slice(word.length)), ...more.map(paint.bold)];
}

function headLines(judgement: Judgement, width: number, paint: Paint): string[] {
  const { verdict, plan, facts, reasons, run } = judgement;
  const took = span(facts.endedAtMs - facts.startedAtMs);
  const about = `run ${run}, ${instant(facts.startedAtMs)}, ${took}, ${many(plan.nodes.length, 'node')}`;
  return [
    ...titleLines(verdict, plan.scenario, width, paint),
    ...wrap(printable(about), width).map(paint.dim),
    ...reasons.flatMap((reason) => {
      const [line = '', ...rest] = wrap(`${reason.code}: ${printable(reason.text)}`, width - 2, 2);
      const code = printable(reason.code);
      return [
        `  ${painted(reason.verdict, line.slice(0, code.length), paint)}${line.slice(code.length)}`,
        ...rest.map((one) => `  ${one}`),
      ];
    }),
  ];
}

function testLines(
  judgement: Judgement,
  test: TestJudgement,
  width: number,
  paint: Paint,
  pairs: number,
): string[] {
  const title = `${test.name} (${test.test}), group ${test.group}, ${test.phase} phase`;
  const { totals, availability, due } = test;
  const sent = [
    `sent ${totals.ok} of ${totals.scheduled}`,
    ...(totals.fail > 0 ? [`${totals.fail} failed`] : []),
    ...(totals.info > 0 ? [`${totals.info} with unknown outcome`] : []),
    ...(totals.skipped > 0 ? [`${totals.skipped} skipped`] : []),
    ...(due?.calm === 0 ? [] : [`${share(availability.calm)} while calm`]),
    ...(due?.disturbed === 0 ? [] : [`${share(availability.disturbed)} while disturbed`]),
  ].join(', ');
  const times = [
    ...named('stable', test.stable),
    ...(test.slip === undefined ? [] : [`slip p99 ${span(test.slip.p99)}`]),
  ];
  return [
    ...titleLines(test.verdict, title, width, paint),
    ...wrap(sent, width - 2, 2).map((line) => `  ${line}`),
    ...(times.length === 0 ? [] : wrap(times.join(', '), width - 2, 2).map((line) => `  ${line}`)),
    ...pairTable(judgement, test, width, paint, pairs),
  ];
}

function named(name: string, quantiles: Quantiles | undefined): string[] {
  if (quantiles === undefined) return [];
  const { p50, p95, p99, max } = quantiles;
  return [`${name} p50 ${span(p50)}, p95 ${span(p95)}, p99 ${span(p99)}, max ${span(max)}`];
}
