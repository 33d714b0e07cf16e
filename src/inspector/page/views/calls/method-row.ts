import { quantileMs } from '../../../../latency-buckets.js';
import { addTo, type Bin, noCalls } from './bin.js';
import type { CallsModel, MethodSeconds } from './calls-model.js';
import { statusName } from './status-name.js';

/** A method of a node, as it did within the last seconds. */
export interface MethodRow {
  readonly of: MethodSeconds;
  readonly bin: Bin;
  /** Calls per second. */
  readonly rate: number;
  /** Milliseconds that half, 95 % and 99 % of the calls did not exceed. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What the rows are chosen and sorted by. */
export interface RowChoice {
  /** Words that all stand in the node or the method. */
  readonly words: readonly string[];
  /** '' for all. */
  readonly node: string;
  /** Names of statuses; empty: all. */
  readonly statuses: ReadonlySet<string>;
  readonly sort: string;
}

/** Counts the last `windowSeconds` up to `nowSeconds`. */
export function methodRows(model: CallsModel, nowSeconds: number, windowSeconds: number): MethodRow[] {
  const from = nowSeconds - windowSeconds;
  const known = Math.max(1, Math.min(windowSeconds, nowSeconds - model.sinceSeconds));
  const rows: MethodRow[] = [];
  for (const of of model.methods.values()) {
    const bin = noCalls();
    for (const [second, calls] of of.seconds) if (second > from) addTo(bin, calls);
    if (bin.calls === 0) continue;
    const at = (q: number) => quantileMs(bin.buckets, q) ?? 0;
    rows.push({ of, bin, rate: bin.calls / known, p50: at(0.5), p95: at(0.95), p99: at(0.99) });
  }
  return rows;
}

/** Those that were chosen, sorted. */
export function chosenRows(
  rows: readonly MethodRow[],
  { words, node, statuses, sort }: RowChoice,
): MethodRow[] {
  const fits = ({ of, bin }: MethodRow) =>
    (node === '' || of.node === node) &&
    words.every((word) => `${of.node} ${of.method}`.toLowerCase().includes(word)) &&
    (statuses.size === 0 || [...bin.ended.keys()].some((status) => statuses.has(statusName(status))));
  const sign = sort.startsWith('-') ? -1 : 1;
  const by = sortKeys[sort.replace('-', '')] ?? ((row: MethodRow) => -row.rate);
  return rows.filter(fits).sort((a, b) => {
    const [one, other] = [by(a), by(b)];
    if (one === other) return a.of.key < b.of.key ? -1 : 1;
    return (one < other ? -1 : 1) * sign;
  });
}

const sortKeys: Readonly<Record<string, (row: MethodRow) => number | string>> = {
  node: ({ of }) => of.node,
  method: ({ of }) => of.method,
  rate: ({ rate }) => rate,
  failed: ({ bin }) => bin.failed,
  share: ({ bin }) => bin.failed / bin.calls,
  p50: ({ p50 }) => p50,
  p95: ({ p95 }) => p95,
  p99: ({ p99 }) => p99,
  bytes: ({ bin }) => bin.requestBytes + bin.responseBytes,
};
