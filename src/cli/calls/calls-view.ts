import type { RecordView } from '../records.js';
import type { Style } from '../style.js';
import type { MethodCount } from './recent-calls.js';

/** How `postern calls` prints a method. */
export function callsView(style: Style): RecordView<MethodCount> {
  return {
    root: 'calls',
    element: 'method',
    name: ({ node, method }) => `${node}/${method}`,
    json: (count) => ({ ...count, ended: { ...count.ended } }),
    columns: [
      { title: 'NODE', text: ({ node }) => node, paint: (padded) => style.bold(padded) },
      { title: 'METHOD', text: ({ method }) => (method === '' ? '(others)' : method) },
      { title: 'CALLS/S', text: ({ perSecond }) => perSecond.toFixed(perSecond < 10 ? 2 : 0) },
      {
        title: 'FAILED',
        text: ({ failed }) => (failed === 0 ? '-' : String(failed)),
        paint: (padded, { failed }) => (failed === 0 ? padded : style.red(padded)),
      },
      { title: 'P50', text: ({ p50Ms }) => timeText(p50Ms) },
      { title: 'P95', text: ({ p95Ms }) => timeText(p95Ms) },
      { title: 'P99', text: ({ p99Ms }) => timeText(p99Ms) },
      { title: 'STATUS', text: statusText },
    ],
  };
}

function timeText(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(2)}ms`;
  return ms < 9_950 ? `${Math.round(ms)}ms` : `${(ms / 1000).toFixed(1)}s`;
}

function statusText({ ended }: MethodCount): string {
  return Object.entries(ended)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
