import type { Sample } from './measure.js';

/** The processes whose CPU time has a column, in the order of a call's way. */
const groups = ['client', 'nginx', 'hub', 'nats', 'agent', 'server'] as const;

/** What all rounds of one kind on one path come to. Medians, but for the span. */
export interface Row {
  readonly kind: string;
  readonly path: string;
  readonly rate: number;
  readonly slowest: number;
  readonly fastest: number;
  /** Of the ratios of the rounds. */
  readonly ofStraight: number;
  readonly ofNginx: number;
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  /** Microseconds for a call or a megabyte, by group. */
  readonly cpu: Readonly<Record<string, number | undefined>>;
}

/** One row for each kind and path, in the order of the samples. */
export function summarize(samples: readonly Sample[]): Row[] {
  const rows: Row[] = [];
  for (const { kind, path } of samples) {
    if (rows.some((row) => row.kind === kind && row.path === path)) continue;
    const own = samples.filter((sample) => sample.kind === kind && sample.path === path);
    const ratiosTo = (other: string): number =>
      median(
        own.map((sample) => {
          const base = samples.find(
            (one) => one.kind === kind && one.path === other && one.round === sample.round,
          );
          return base === undefined ? Number.NaN : sample.rate / base.rate;
        }),
      ) ?? Number.NaN;
    const rates = own.map(({ rate }) => rate);
    rows.push({
      kind,
      path,
      rate: median(rates) ?? Number.NaN,
      slowest: Math.min(...rates),
      fastest: Math.max(...rates),
      ofStraight: ratiosTo('straight'),
      ofNginx: ratiosTo('nginx'),
      p50: median(own.map(({ p50 }) => p50)),
      p99: median(own.map(({ p99 }) => p99)),
      cpu: Object.fromEntries(groups.map((group) => [group, median(own.map(({ cpu }) => cpu[group]))])),
    });
  }
  return rows;
}

/** The rows as one table in Markdown, aligned for reading as it is. */
export function renderTable(rows: readonly Row[]): string {
  const header = [
    ...['what', 'way', 'per second', 'slowest–fastest', 'of straight', 'of nginx', 'p50 ms', 'p99 ms'],
    ...['CPU µs', ...groups],
  ];
  const cells = rows.map((row) => [
    row.kind,
    row.path,
    `${whole(row.rate)} ${row.kind.startsWith('stream') ? 'MB' : 'calls'}`,
    `${whole(row.slowest)}–${whole(row.fastest)}`,
    ratio(row.ofStraight),
    ratio(row.ofNginx),
    row.p50?.toFixed(2) ?? '',
    row.p99?.toFixed(2) ?? '',
    micros(total(row)),
    ...groups.map((group) => micros(row.cpu[group])),
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...cells.map((line) => line[column]?.length ?? 0)),
  );
  const line = (values: readonly string[]): string =>
    `| ${values.map((value, at) => (at < 2 ? value.padEnd(widths[at] ?? 0) : value.padStart(widths[at] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, at) => (at < 2 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(header), rule, ...cells.map(line)].join('\n');
}

function total(row: Row): number | undefined {
  const known = groups.map((group) => row.cpu[group]).filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
}

function median(values: readonly (number | undefined)[]): number | undefined {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)];
  const lower = sorted[Math.ceil(middle) - 1];
  return upper === undefined || lower === undefined ? undefined : (upper + lower) / 2;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function ratio(value: number): string {
  return Number.isNaN(value) ? '' : value.toFixed(2);
}

function micros(value: number | undefined): string {
  return value === undefined ? '' : value.toFixed(value < 10 ? 1 : 0);
}
