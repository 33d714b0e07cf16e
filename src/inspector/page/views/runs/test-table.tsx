import { count } from '../../parts/format.js';
import { type Column, Table } from '../../parts/table.js';
import { href, place, setQuery } from '../../place.js';
import type { RunAt, TestAt } from './model/run-at.js';

interface Row extends TestAt {
  readonly run: string;
  readonly reached: boolean;
}

/** The tests of each node at the moment that is shown. */
export function TestTable({ run, shown }: { readonly run: string; readonly shown: RunAt }) {
  if (shown.tests.length === 0) return null;
  const sort = place.value.query.get('sort') ?? '';
  const rows = shown.tests.map((test): Row => ({ ...test, run, reached: !shown.outOfReach.has(test.node) }));
  return (
    <Table
      label="Tests"
      columns={columns}
      rows={sorted(rows, sort)}
      rowKey={({ node, test }) => `${node}/${test}`}
      version={({ state, sent, received, troubled, reached }) =>
        `${state} ${sent} ${received} ${troubled} ${reached}`
      }
      sort={sort}
      onSort={(next) => setQuery({ sort: next })}
    />
  );
}

const columns: readonly Column<Row>[] = [
  {
    id: 'node',
    title: 'Node',
    width: 18,
    sortable: true,
    cell: ({ node, reached }) => (reached ? node : `${node} (not reached)`),
  },
  {
    id: 'test',
    title: 'Test',
    width: 18,
    sortable: true,
    cell: ({ run, test, node }) =>
      test === 'all' ? (
        'all of them'
      ) : (
        <a href={href(['machine', 'test', `${run}.${test}.${node}`])}>{test}</a>
      ),
  },
  { id: 'state', title: 'State', width: 14, sortable: true, cell: ({ state }) => state || '–' },
  { id: 'progress', title: 'Progress', width: 20, cell: (row) => <Progress row={row} /> },
  {
    id: 'sent',
    title: 'Sent',
    width: 10,
    numeric: true,
    sortable: true,
    hint: 'messages that were sent, or were meant to be',
    cell: ({ sent }) => count(sent),
  },
  {
    id: 'received',
    title: 'Received',
    width: 10,
    numeric: true,
    sortable: true,
    hint: 'different messages that came',
    cell: ({ received }) => count(received),
  },
  {
    id: 'troubled',
    title: 'Troubled',
    width: 10,
    numeric: true,
    sortable: true,
    hint: 'messages that the daemon did not take, or of which nobody knows',
    cell: ({ troubled }) => <span class={troubled > 0 ? 'tone-bad' : ''}>{count(troubled)}</span>,
  },
];

function Progress({ row: { sent, amount } }: { readonly row: Row }) {
  if (amount === 0) return <span class="soft">receives</span>;
  const part = Math.min(1, sent / amount);
  return (
    <svg
      class="progress"
      width="100%"
      height="12"
      role="img"
      aria-label={`${sent} of ${amount} sent`}
      data-sent={sent}
      data-amount={amount}
    >
      <rect class="whole" width="100%" height="12" rx="3" />
      <rect class="part" width={`${100 * part}%`} height="12" rx="3" />
    </svg>
  );
}

/** By a column, with `-` in front the other way round; else as they were told. */
function sorted(rows: readonly Row[], sort: string): readonly Row[] {
  const by = values[sort.replace('-', '')];
  if (by === undefined) return rows;
  const up = rows.toSorted((a, b) => (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0));
  return sort.startsWith('-') ? up.reverse() : up;
}

const values: Readonly<Record<string, (row: Row) => string | number>> = {
  node: ({ node }) => node,
  test: ({ test }) => test,
  state: ({ state }) => state,
  sent: ({ sent }) => sent,
  received: ({ received }) => received,
  troubled: ({ troubled }) => troubled,
};
