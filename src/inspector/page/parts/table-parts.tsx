import type { ComponentChildren } from 'preact';
import { memo } from 'preact/compat';
import { rowHeight } from './rows.js';

/** A column of a table. */
export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Share of the width, in percent. */
  readonly width: number;
  /** Numbers stand on the right. */
  readonly numeric?: boolean;
  /** It can be sorted by. */
  readonly sortable?: boolean;
  /** What it shows, for people. */
  readonly hint?: string;
}

interface HeadProps<Row> {
  readonly column: Column<Row>;
  readonly sort: string;
  readonly onSort: ((sort: string) => void) | undefined;
}

/** The head of a column; a button where it can be sorted by. */
export function Head<Row>({ column, sort, onSort }: HeadProps<Row>) {
  const { id, title, hint, numeric = false, sortable = false } = column;
  const direction = sort === id ? 'ascending' : sort === `-${id}` ? 'descending' : 'none';
  return (
    <th scope="col" class={numeric ? 'numeric' : ''} aria-sort={direction} title={hint}>
      {sortable && onSort !== undefined ? (
        <button type="button" onClick={() => onSort(direction === 'ascending' ? `-${id}` : id)}>
          {title}
          <span aria-hidden="true">
            {direction === 'none' ? '' : direction === 'ascending' ? ' ▴' : ' ▾'}
          </span>
        </button>
      ) : (
        title
      )}
    </th>
  );
}

interface LineProps<Row> {
  readonly row: Row;
  readonly version: unknown;
  readonly columns: readonly Column<Row>[];
  /** Among all rows, from 0. */
  readonly index: number;
  readonly focusable: boolean;
  readonly opened: boolean;
  readonly onPoint: () => void;
}

/** A row. */
function PlainLine<Row>({ row, columns, index, focusable, opened, onPoint }: LineProps<Row>) {
  return (
    <tr
      aria-rowindex={index + 2}
      aria-selected={opened}
      class={index % 2 === 1 ? 'odd' : ''}
      tabIndex={focusable ? 0 : -1}
      onClick={(event) => {
        const link = event.target instanceof Element && event.target.closest('a, button') !== null;
        if (!link) onPoint();
      }}
    >
      {columns.map(({ id, cell, numeric = false }) => (
        <td key={id} class={numeric ? 'numeric' : ''}>
          {cell(row)}
        </td>
      ))}
    </tr>
  );
}

/** A row, drawn anew only where something of it has changed; times in it go on by themselves. */
export const Line = memo(PlainLine, (before, after) => {
  return (
    before.version === after.version &&
    before.index === after.index &&
    before.focusable === after.focusable &&
    before.opened === after.opened &&
    before.columns === after.columns
  );
}) as typeof PlainLine;

/** The room of rows that are not in the document. */
export function Space({ rows, columns }: { rows: number; columns: number }) {
  if (rows === 0) return null;
  return (
    <tr class="space">
      <td colSpan={columns} style={{ height: `${rows * rowHeight}px` }} />
    </tr>
  );
}
