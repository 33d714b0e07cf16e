import { duration } from '../../parts/format.js';
import { ToneSign } from '../../parts/state.js';
import type { Column } from '../../parts/table.js';
import { Time } from '../../parts/time.js';
import type { CallFacts } from './call-facts.js';
import { methodText } from './columns.js';
import { statusName, statusTags } from './status-name.js';

/** The columns of single calls. */
export const callColumns: readonly Column<CallFacts>[] = [
  { id: 'at', title: 'Began', width: 14, cell: ({ atMs }) => <Time ms={atMs} as="clock" fine /> },
  { id: 'node', title: 'Node', width: 13, cell: ({ node }) => node },
  { id: 'method', title: 'Method', width: 30, cell: ({ method }) => methodText(method) },
  {
    id: 'status',
    title: 'Status',
    width: 17,
    cell: ({ status, open, count }) =>
      open ? (
        'open'
      ) : (
        <>
          <ToneSign tags={statusTags(status)} /> {statusName(status)}
          {count > 1 && ` × ${count}`}
        </>
      ),
  },
  {
    id: 'ms',
    title: 'Took',
    width: 9,
    numeric: true,
    cell: ({ totalMs, id }) => (id === '' ? '–' : duration(totalMs)),
  },
  {
    id: 'caller',
    title: 'Caller',
    width: 17,
    cell: ({ caller, reason }) => <span title={reason}>{caller}</span>,
  },
];

/** Whether all words stand in what is shown of a call. */
export function callHas(
  { node, method, caller, status, trace, id }: CallFacts,
  words: readonly string[],
): boolean {
  const text = `${node} ${method} ${caller} ${statusName(status)} ${trace} ${id}`.toLowerCase();
  return words.every((word) => text.includes(word));
}
