import { useComputed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { ViewProps } from '../../app.js';
import { Chips } from '../../parts/chips.js';
import { QueryChoice } from '../../parts/choice.js';
import { count } from '../../parts/format.js';
import { Notice, StreamNotice } from '../../parts/notice.js';
import { Search } from '../../parts/search.js';
import { ToneSign } from '../../parts/state.js';
import { Table } from '../../parts/table.js';
import { place, setQuery } from '../../place.js';
import { useStream } from '../../streams.js';
import { FaultsModel, openFaults } from '../faults/faults-model.js';
import { Definitions } from '../machine/definitions.js';
import { columns } from './columns.js';
import { Details } from './details.js';
import { FleetModel } from './fleet-model.js';
import { selected, selectionIn } from './selection.js';

/** Of each machine so many past transitions are asked for, to find the last error and the last change. */
const history = 4;

/** All nodes, live. */
export function Fleet({ hub }: ViewProps) {
  const model = useMemo(() => new FleetModel(), []);
  const faults = useMemo(() => new FaultsModel(), []);
  const definitions = useMemo(() => new Definitions(hub), [hub]);
  const nodes = useStream('nodes', {
    hub,
    open: (_, call) => hub.nodes.watchNodes({}, call),
    take: model.takeNodes,
  });
  const changes = useStream('changes', {
    hub,
    open: (resume, call) =>
      hub.inspector.watch(
        {
          filters: [{ machine: 'node' }, { machine: 'link' }, { machine: 'fault' }],
          resume,
          history: resume === '' ? history : 0,
        },
        call,
      ),
    take: (messages, anew) => {
      model.takeChanges(messages, anew);
      faults.take(messages, anew);
    },
    place: (message) => message.place,
  });
  const selection = useComputed(() => selectionIn(place.value.query));
  const { shown, counts } = useComputed(() => selected(model.rows.value, selection.value)).value;
  const all = model.rows.value.length;
  const opened = place.value.query.get('node') ?? '';
  const row = opened === '' ? undefined : model.rows.value.find(({ name }) => name === opened);
  return (
    <>
      <div class="bar">
        <h1>Fleet</h1>
        <Search label="Search nodes" />
        <QueryChoice label="Label" name="label" all="All labels" values={counts.labels} />
        <QueryChoice label="Transport" name="transport" all="All transports" values={counts.transports} />
        <QueryChoice label="Hub" name="hub" all="All hubs" values={counts.hubs} />
        <span class="soft" role="status">
          {shown.length === all
            ? `${count(all)} ${all === 1 ? 'node' : 'nodes'}`
            : `${count(shown.length)} of ${count(all)} nodes`}
        </span>
      </div>
      <Chips
        label="States"
        name="state"
        chips={[...counts.states].map(([value, { count: n, tags }]) => ({
          value,
          count: n,
          text: (
            <>
              <ToneSign tags={tags} /> {value}
            </>
          ),
        }))}
      />
      <StreamNotice of="Nodes" state={nodes.value} />
      <StreamNotice of="Last changes and errors" state={changes.value} />
      {all === 0 && nodes.value.is === 'live' && (
        <Notice>
          No node has come yet. <code>postern agent --node NAME --to 127.0.0.1:PORT</code> connects one.
        </Notice>
      )}
      {all > 0 && shown.length === 0 && (
        <Notice>
          No node is like that.{' '}
          <button
            type="button"
            onClick={() => setQuery({ q: '', state: '', label: '', transport: '', hub: '' })}
          >
            Show all
          </button>
        </Notice>
      )}
      <div class="fleet">
        <Table
          label="Nodes"
          columns={columns}
          rows={shown}
          rowKey={({ name }) => name}
          sort={selection.value.sort}
          onSort={(sort) => setQuery({ sort: sort === 'name' ? '' : sort })}
          opened={opened}
          onOpen={({ name }) => setQuery({ node: name === opened ? '' : name })}
        />
        {row !== undefined && (
          <Details
            key={row.name}
            {...{ hub, row, definitions }}
            faults={openFaults(faults.rows.value.filter(({ node }) => node === row.name))}
          />
        )}
      </div>
    </>
  );
}
