import { cut, type Paint, pad, printable } from './terminal-text.js';

/** A column of a table on a terminal. */
export interface Column<T> {
  readonly title: string;
  readonly text: (row: T) => string;
  /** Numbers are set to the right. */
  readonly isNumber?: boolean;
  /** Where the terminal is narrow, columns with a higher number go first; one without stays, and is cut at worst. */
  readonly spare?: number;
  readonly paint?: (padded: string, row: T) => string;
}

const gap = '  ';
/** No name is cut to less than this while there is another way. */
const leastName = 4;

/** A table as lines that are no longer than `width`. */
export function tableLines<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  width: number,
  paint: Paint,
): string[] {
  const cells = new Map(columns.map((column) => [column, rows.map((row) => printable(column.text(row)))]));
  const needs = (column: Column<T>): number =>
    Math.max(column.title.length, ...(cells.get(column) ?? []).map((text) => [...text].length));
  const shown = fitting(columns, width, needs);
  const widths = narrowed(shown.map(needs), shown, width);
  const line = (texts: readonly string[], painted: (padded: string, at: number) => string): string => {
    let left = width;
    const parts: string[] = [];
    for (const [at, text] of texts.entries()) {
      const room = Math.min(widths[at] ?? 0, left);
      if (room <= 0) break;
      const last = at === texts.length - 1;
      const fits = cut(text, room);
      const column = shown[at];
      parts.push(painted(last && column?.isNumber !== true ? fits : pad(fits, room, column?.isNumber), at));
      left -= room + gap.length;
    }
    return parts.join(gap);
  };
  return [
    line(
      shown.map(({ title }) => title),
      (padded) => paint.dim(padded),
    ),
    ...rows.map((row, i) =>
      line(
        shown.map((column) => cells.get(column)?.[i] ?? ''),
        (padded, at) => shown[at]?.paint?.(padded, row) ?? padded,
      ),
    ),
  ].map((text) => text.trimEnd());
}

/** The columns that the width has room for. */
function fitting<T>(
  columns: readonly Column<T>[],
  width: number,
  needs: (column: Column<T>) => number,
): readonly Column<T>[] {
  let shown = columns;
  for (;;) {
    const total = shown.reduce((sum, column) => sum + needs(column) + gap.length, -gap.length);
    const spare = Math.max(...shown.map((column) => column.spare ?? 0));
    if (total <= width || spare === 0) return shown;
    const goes = shown.findLast((column) => column.spare === spare);
    shown = shown.filter((column) => column !== goes);
  }
}

/** Takes from the widest columns of names until all fit. */
function narrowed<T>(needs: readonly number[], shown: readonly Column<T>[], width: number): number[] {
  const widths = [...needs];
  for (;;) {
    const over = widths.reduce((sum, one) => sum + one + gap.length, -gap.length) - width;
    if (over <= 0) return widths;
    const names = widths.map((one, at) => (shown[at]?.isNumber === true ? 0 : one));
    const widest = Math.max(...names);
    if (widest <= leastName) return widths;
    const at = names.indexOf(widest);
    widths[at] = Math.max(leastName, widest - Math.max(1, Math.floor(over / 2)));
  }
}
