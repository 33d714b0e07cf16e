import { count, duration } from '../../parts/format.js';
import { StateName } from '../../parts/state.js';
import type { Column } from '../../parts/table.js';
import { Time } from '../../parts/time.js';
import { href } from '../../place.js';
import type { FleetRow } from './row.js';
import { shortNames } from './services.js';

/** What the fleet shows of each node. */
export const columns: readonly Column<FleetRow>[] = [
  {
    ...{ id: 'name', title: 'Node', width: 13, sortable: true },
    hint: 'Leads to its state machine',
    cell: ({ name }) => <a href={href(['machine', 'node', name])}>{name}</a>,
  },
  {
    ...{ id: 'state', title: 'State', width: 14, sortable: true },
    cell: ({ node }) => <StateName state={node.state} tags={node.tags} />,
  },
  {
    ...{ id: 'since', title: 'Since', width: 5, sortable: true, numeric: true },
    hint: 'How long it has been in this state',
    cell: ({ sinceMs }) => <Time ms={sinceMs} />,
  },
  {
    ...{ id: 'instances', title: 'Inst.', width: 4, sortable: true, numeric: true },
    hint: 'Processes that serve it',
    cell: ({ node }) => count(node.instances.length),
  },
  {
    ...{ id: 'transport', title: 'Transport', width: 8, sortable: true },
    hint: 'How it reaches the bus',
    cell: ({ transports }) => <Text text={transports.join(', ')} />,
  },
  {
    ...{ id: 'hub', title: 'Hub', width: 5, sortable: true },
    hint: 'The hub that its tunnel leads to',
    cell: ({ hubs }) => <Text text={hubs.join(', ')} />,
  },
  {
    ...{ id: 'labels', title: 'Labels', width: 11, sortable: true },
    cell: ({ labels }) => <Text text={labels.join(' ')} />,
  },
  {
    ...{ id: 'services', title: 'Services', width: 7, sortable: true },
    cell: ({ services }) => <Text text={shortNames(services)} whole={services.join(', ')} />,
  },
  {
    ...{ id: 'roundTrip', title: 'RTT', width: 7, sortable: true, numeric: true },
    hint: 'Round trip between this hub and its nearest instance',
    cell: ({ roundTripMs }) => (roundTripMs === undefined ? <Text text="" /> : duration(roundTripMs)),
  },
  {
    ...{ id: 'calls', title: 'Calls', width: 5, sortable: true, numeric: true },
    hint: 'Calls that this hub has open towards it',
    cell: ({ node }) => count(node.calls),
  },
  {
    ...{ id: 'error', title: 'Last error', width: 10, sortable: true },
    cell: ({ trouble }) => <Text text={trouble?.text ?? ''} />,
  },
  {
    ...{ id: 'change', title: 'Last change', width: 11, sortable: true },
    hint: 'When one of its machines last changed its state, and at which event',
    cell: ({ change }) =>
      change === undefined ? (
        <Text text="" />
      ) : (
        <>
          <Time ms={change.atMs} /> <span class="soft">{change.event}</span>
        </>
      ),
  },
];

function Text({ text, whole = text }: { text: string; whole?: string }) {
  return text === '' ? <span class="none">–</span> : <span title={whole}>{text}</span>;
}
