import { bytes, count, duration } from '../../parts/format.js';
import { ToneSign } from '../../parts/state.js';
import type { Column } from '../../parts/table.js';
import type { MethodRow } from './method-row.js';
import { statusName, statusTags } from './status-name.js';

/** A rate, to two digits below ten. */
export function perSecond(rate: number): string {
  return rate < 9.95 ? rate.toFixed(rate < 0.995 ? 2 : 1) : count(Math.round(rate));
}

/** What a method is called; the hub counts those together that it does not tell one by one. */
export function methodText(method: string): string {
  return method === '' ? '(others)' : method;
}

/** Counts by status, the most first. */
export function Statuses({ ended }: { ended: ReadonlyMap<number, number> }) {
  return (
    <>
      {[...ended]
        .sort(([, a], [, b]) => b - a)
        .map(([status, n]) => (
          <span key={status} class="status-count">
            <ToneSign tags={statusTags(status)} /> {statusName(status)} {count(n)}
          </span>
        ))}
    </>
  );
}

/** The columns of methods. */
export const columns: readonly Column<MethodRow>[] = [
  { id: 'node', title: 'Node', width: 13, sortable: true, cell: ({ of }) => of.node },
  {
    id: 'method',
    title: 'Method',
    width: 30,
    sortable: true,
    cell: ({ of }) => <span title={of.method}>{methodText(of.method)}</span>,
  },
  {
    id: 'rate',
    title: 'Calls/s',
    width: 8,
    numeric: true,
    sortable: true,
    hint: 'Calls that ended, per second',
    cell: ({ rate }) => perSecond(rate),
  },
  {
    id: 'failed',
    title: 'Failed',
    width: 7,
    numeric: true,
    sortable: true,
    hint: 'Calls that ended with neither OK nor CANCELLED',
    cell: ({ bin }) => (bin.failed === 0 ? '–' : <span class="tone-bad">{count(bin.failed)}</span>),
  },
  {
    id: 'p50',
    title: 'p50',
    width: 8,
    numeric: true,
    sortable: true,
    hint: 'Half of the calls took no longer; exact to 19 %',
    cell: ({ p50 }) => duration(p50),
  },
  { id: 'p95', title: 'p95', width: 8, numeric: true, sortable: true, cell: ({ p95 }) => duration(p95) },
  { id: 'p99', title: 'p99', width: 8, numeric: true, sortable: true, cell: ({ p99 }) => duration(p99) },
  {
    id: 'bytes',
    title: 'Bytes',
    width: 8,
    numeric: true,
    sortable: true,
    hint: 'Messages of requests and responses',
    cell: ({ bin }) => bytes(bin.requestBytes + bin.responseBytes),
  },
  { id: 'status', title: 'Status', width: 18, cell: ({ bin }) => <Statuses ended={bin.ended} /> },
];
