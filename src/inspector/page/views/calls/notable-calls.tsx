import { isFailure } from '../../../../failed-status.js';
import type { NotableCall } from '../../../../gen/web/postern/v1/inspector_pb.js';
import { Notice } from '../../parts/notice.js';
import { Table } from '../../parts/table.js';
import { setQuery } from '../../place.js';
import { callColumns, callHas } from './call-columns.js';
import { factsOfNotable } from './call-facts.js';

/** So many of the slowest calls are shown. */
const mostSlow = 100;

/** The slowest calls of the last minutes, or those that failed, the latest first. */
export function NotableCalls({
  calls,
  show,
  words,
  node,
  opened,
}: {
  calls: readonly NotableCall[];
  show: 'slow' | 'failed';
  words: readonly string[];
  node: string;
  opened: string;
}) {
  const fits = calls
    .filter((call) => node === '' || call.node === node)
    .map(factsOfNotable)
    .filter((call) => callHas(call, words));
  const rows =
    show === 'slow'
      ? fits.sort((a, b) => b.totalMs - a.totalMs).slice(0, mostSlow)
      : fits.filter(({ status }) => isFailure(status)).sort((a, b) => b.atMs - a.atMs);
  return (
    <>
      <p class="soft">
        {show === 'slow'
          ? 'Hubs tell each second of the slowest call of each method.'
          : 'Hubs tell each second of some calls that failed; how many there were is counted by method.'}
      </p>
      {rows.length === 0 && <Notice>There was no call like that.</Notice>}
      <Table
        label={show === 'slow' ? 'Slowest calls' : 'Failed calls'}
        columns={callColumns}
        rows={rows}
        rowKey={({ id }) => id}
        version={({ id }) => id}
        opened={opened}
        onOpen={({ id }) => setQuery({ call: id === opened ? '' : id })}
      />
    </>
  );
}
