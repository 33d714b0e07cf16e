import type { TargetedKeyboardEvent } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { keyMove, rowHeight, shownRows } from './rows.js';
import { type Column, Head, Line, Space } from './table-parts.js';

export type { Column } from './table-parts.js';

/** What a table is sorted by; with `-` in front the other way round. */
export type SortKey = string;

interface TableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** Another value: the row looks different. Without, rows are compared themselves. */
  readonly version?: (row: Row) => unknown;
  readonly sort?: SortKey;
  readonly onSort?: (sort: SortKey) => void;
  /** Key of the row that is open. */
  readonly opened?: string;
  readonly onOpen?: (row: Row) => void;
}

/** Height of the head in pixels, the same as in the style. */
const headHeight = 32;

/**
 * A table of any length, of which only the rows in sight are in the document. It fills the height that it is given, and
 * is gone through by arrow keys; Enter opens a row.
 */
export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, rows, rowKey, version = (row) => row, sort = '', onSort, opened, onOpen } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 0 });
  const [current, setCurrent] = useState('');
  const focusNext = useRef(false);
  const look = () => {
    const { scrollTop = 0, clientHeight = 0 } = box.current ?? {};
    setView((before) =>
      before.top === scrollTop && before.height === clientHeight
        ? before
        : { top: scrollTop, height: clientHeight },
    );
  };
  useLayoutEffect(() => {
    look();
    const observer = new ResizeObserver(look);
    if (box.current !== null) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const { first, last } = shownRows({
    count: rows.length,
    top: Math.max(0, view.top),
    height: view.height - headHeight,
  });
  const found = rows.findIndex((row) => rowKey(row) === current);
  /** The one row that Tab leads to is always one in sight. */
  const stop = found >= first && found < last ? found : first;
  // Before the next key comes, which starts from the row that has the focus.
  useLayoutEffect(() => {
    if (!focusNext.current) return;
    focusNext.current = false;
    box.current?.querySelector<HTMLElement>('tbody tr[tabindex="0"]')?.focus({ preventScroll: true });
  });
  const move = (event: TargetedKeyboardEvent<HTMLElement>) => {
    if (!(event.target instanceof HTMLTableRowElement)) return;
    const perPage = Math.max(1, Math.floor((view.height - headHeight) / rowHeight) - 1);
    const at = Number(event.target.ariaRowIndex) - 2;
    const row = rows[at];
    if (event.key === 'Enter' && row !== undefined) onOpen?.(row);
    else {
      const to = keyMove(event.key, { at, count: rows.length, perPage });
      const target = to === undefined ? undefined : rows[to];
      if (to === undefined || target === undefined) return;
      setCurrent(rowKey(target));
      focusNext.current = true;
      bringIntoSight(box.current, to);
      look();
    }
    event.preventDefault();
  };
  const shown = rows.slice(first, last);
  return (
    <div class="table" ref={box} onScroll={look}>
      <table aria-label={label} aria-rowcount={rows.length + 1}>
        <colgroup>
          {columns.map(({ id, width }) => (
            <col key={id} style={{ width: `${width}%` }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <Head key={column.id} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody onKeyDown={move}>
          <Space rows={first} columns={columns.length} />
          {shown.map((row, i) => (
            <Line
              key={rowKey(row)}
              row={row}
              version={version(row)}
              columns={columns}
              index={first + i}
              focusable={first + i === stop}
              opened={rowKey(row) === opened}
              onPoint={() => {
                setCurrent(rowKey(row));
                onOpen?.(row);
              }}
            />
          ))}
          <Space rows={rows.length - last} columns={columns.length} />
        </tbody>
      </table>
    </div>
  );
}

/** Scrolls no further than needed. */
function bringIntoSight(box: HTMLElement | null, row: number): void {
  if (box === null) return;
  const top = row * rowHeight;
  const bottom = top + rowHeight + headHeight - box.clientHeight;
  if (box.scrollTop > top) box.scrollTop = top;
  else if (box.scrollTop < bottom) box.scrollTop = bottom;
}
