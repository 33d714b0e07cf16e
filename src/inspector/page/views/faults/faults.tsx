import { useComputed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { ViewProps } from '../../app.js';
import { Chips } from '../../parts/chips.js';
import { count } from '../../parts/format.js';
import { Notice, StreamNotice } from '../../parts/notice.js';
import { Search } from '../../parts/search.js';
import { Table } from '../../parts/table.js';
import { go, href, place, setQuery } from '../../place.js';
import { useStream } from '../../streams.js';
import { Definitions } from '../machine/definitions.js';
import { columnsOf } from './columns.js';
import { FaultsModel, isOpen } from './faults-model.js';
import { HealAll } from './heal-all.js';
import { selected, selectionIn } from './selection.js';

/** The faults of all nodes, live: those that act or come yet, and on demand those that were. */
export function Faults({ hub }: ViewProps) {
  const model = useMemo(() => new FaultsModel(), []);
  const definitions = useMemo(() => new Definitions(hub), [hub]);
  const columns = useMemo(() => columnsOf(hub, definitions), [hub, definitions]);
  const stream = useStream('faults', {
    hub,
    open: (resume, call) => hub.inspector.watch({ filters: [{ machine: 'fault' }], resume }, call),
    take: model.take,
    place: (message) => message.place,
  });
  const selection = useComputed(() => selectionIn(place.value.query));
  const { shown, counts } = useComputed(() => selected(model.rows.value, selection.value)).value;
  const known = model.rows.value;
  const open = shown.filter(isOpen);
  const { all, sort } = selection.value;
  return (
    <>
      <div class="bar">
        <h1>Faults</h1>
        <Search label="Search faults" />
        <label>
          <input
            type="checkbox"
            checked={all}
            onChange={(event) => setQuery({ all: event.currentTarget.checked ? '1' : '' })}
          />{' '}
          Those that were, too
        </label>
        <HealAll hub={hub} of="that are shown" faults={open} />
        <span class="soft" role="status">
          {count(open.length)} {open.length === 1 ? 'acts or waits' : 'act or wait'}, {count(known.length)}{' '}
          known
        </span>
      </div>
      <Chips
        label="States"
        name="state"
        chips={[...counts]
          .map(([value, n]) => ({ value, count: n }))
          .sort((a, b) => (a.value < b.value ? -1 : 1))}
      />
      <StreamNotice of="Faults" state={stream.value} />
      {shown.length === 0 && stream.value.is === 'live' && (
        <Notice>
          {known.length === 0 ? (
            <>
              No fault is known. <code>postern fault arm NODE NAME --kind link --in 10s --duration 30s</code>{' '}
              arms one.
            </>
          ) : (
            'None acts or waits that is like that.'
          )}
        </Notice>
      )}
      <Table
        label="Faults"
        columns={columns}
        rows={shown}
        rowKey={({ key }) => key}
        sort={sort}
        onSort={(next) => setQuery({ sort: next === 'left' ? '' : next })}
        onOpen={({ machine, id }) => go(href(['machine', machine, id]))}
      />
    </>
  );
}
