import type { Counts, Judgement, Pair, Quantiles, TestJudgement } from '../judging/judgement.js';
import type { Rules } from '../judging/rules.js';
import { many, span } from './amounts.js';
import { countColumns } from './columns.js';
import { remarkOn, type Standing, worseFirst } from './standing.js';
import { type Column, tableLines } from './terminal-table.js';
import type { Paint } from './terminal-text.js';

/** A line of the table: a pair, or all of them. */
interface Row {
  readonly sender: string;
  readonly receiver: string;
  readonly counts: Counts;
  readonly latency?: Quantiles;
}

/** Counts that every table of receivers has. */
const ofReceipts: readonly (keyof Counts)[] = ['expected', 'delivered', 'lost'];
/** What stands before the table, once for all pairs of a test; calls have nothing else. */
const ofSends: readonly (keyof Counts)[] = ['scheduled', 'ok', 'fail', 'info', 'skipped'];

/** On narrower terminals one word says what is worst, instead of a column for each kind of trouble. */
const wide = 80;

/**
 * Sender to receiver, the worst pairs first, at most `most` of them, then what all are together. Where there are more, those
 * with nothing to tell are only counted.
 */
export function pairTable(
  judgement: Judgement,
  test: TestJudgement,
  width: number,
  paint: Paint,
  most: number,
): string[] {
  const { rules } = judgement;
  const standing = (row: { readonly counts: Counts }): Standing => remarkOn(row.counts, rules).standing;
  const isWell = (row: { readonly counts: Counts }): boolean => ['good', 'idle'].includes(standing(row));
  const sorted = [...test.pairs].sort(worseFirst(rules));
  const shown = sorted.length <= most ? sorted : sorted.filter((pair) => !isWell(pair)).slice(0, most);
  const rest = sorted.slice(shown.length);
  const total: Row = { sender: 'all', receiver: '', counts: test.totals, ...latencyOf(test.latency) };
  const colours = {
    bad: paint.red,
    unknown: paint.yellow,
    odd: paint.yellow,
    good: undefined,
    idle: paint.dim,
  };
  const columns = columnsFor(test, rules, width, (padded, row) => colours[standing(row)]?.(padded) ?? padded);
  const lines = tableLines(columns, [...shown.map(rowOf), total], width - 2, paint);
  return [
    ...lines.slice(0, -1),
    ...restLines(rest, shown.length, isWell).map(paint.dim),
    ...lines.slice(-1),
  ].map((line) => `  ${line}`);
}

function restLines(rest: readonly Pair[], shown: number, isWell: (pair: Pair) => boolean): string[] {
  if (rest.length === 0) return [];
  const pairs = many(rest.length, shown === 0 ? 'pair' : 'more pair');
  const worse = rest.filter((pair) => !isWell(pair)).length;
  return [`… ${pairs}, ${worse === 0 ? 'all well' : `${worse} of them not well`}`];
}

function latencyOf(latency: Quantiles | undefined): { readonly latency?: Quantiles } {
  return latency === undefined ? {} : { latency };
}

function rowOf({ sender, receiver, counts, latency }: Pair): Row {
  return {
    sender,
    receiver: receiver ?? '(calls)',
    counts,
    ...latencyOf(latency),
  };
}

function columnsFor(
  test: TestJudgement,
  rules: Rules,
  width: number,
  paint: (padded: string, row: Row) => string,
): Column<Row>[] {
  const isCall = test.pairs.every(({ receiver }) => receiver === undefined);
  const isWide = width >= wide;
  const chief = isCall ? ofSends : isWide ? ofReceipts : ofReceipts.slice(0, 2);
  const counts = countColumns.filter(
    ({ key }) => chief.includes(key) || (isWide && !ofSends.includes(key) && test.totals[key] > 0),
  );
  return [
    { title: 'SENDER', text: ({ sender }) => sender, paint },
    ...(isCall ? [] : [{ title: 'RECEIVER', text: ({ receiver }: Row) => receiver, paint }]),
    ...counts.map(
      ({ key, title }): Column<Row> => ({
        title: title.toUpperCase(),
        text: ({ counts: own }) => String(own[key]),
        isNumber: true,
        ...(chief.includes(key) ? {} : { spare: 2 }),
        paint,
      }),
    ),
    ...(isWide || isCall ? [] : [{ title: 'WORST', text: (row: Row) => worstOf(row, rules), paint }]),
    ...(test.latency === undefined ? [] : latencyColumns()),
  ];
}

function worstOf({ counts }: Row, rules: Rules): string {
  const { trouble, count } = remarkOn(counts, rules);
  return trouble === undefined ? '' : `${count} ${trouble}`;
}

function latencyColumns(): Column<Row>[] {
  return (['p50', 'p95', 'p99', 'max'] as const).map((key, i) => ({
    title: key.toUpperCase(),
    text: ({ latency }) => (latency === undefined ? '' : span(latency[key])),
    isNumber: true,
    // The median and the worst tell most.
    spare: { p50: 4, p95: 5, p99: 6, max: 3 }[key] + i / 10,
  }));
}
