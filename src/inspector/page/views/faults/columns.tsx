import type { Hub } from '../../hub.js';
import type { Column } from '../../parts/table.js';
import { Time } from '../../parts/time.js';
import { href } from '../../place.js';
import type { Definitions } from '../machine/definitions.js';
import { FaultOperations, FaultState, Proof, TimeLeft } from './fault-parts.js';
import type { FaultRow } from './fault-row.js';

/** What is shown of each fault. */
export function columnsOf(hub: Hub, definitions: Definitions): readonly Column<FaultRow>[] {
  return [
    {
      ...{ id: 'node', title: 'Node', width: 9, sortable: true },
      cell: ({ node }) => <a href={href(['fleet'], new URLSearchParams({ node }))}>{node}</a>,
    },
    {
      ...{ id: 'kind', title: 'Kind', width: 8, sortable: true },
      hint: 'Leads to its state machine',
      cell: ({ machine, id, kind }) => <a href={href(['machine', machine, id])}>{kind}</a>,
    },
    {
      ...{ id: 'shape', title: 'How', width: 17, sortable: true },
      hint: 'What it does beside what its kind does by itself',
      cell: ({ shape }) => <Text text={shape} />,
    },
    {
      ...{ id: 'state', title: 'State', width: 11, sortable: true },
      cell: (fault) => <FaultState {...{ fault, definitions }} />,
    },
    {
      ...{ id: 'left', title: 'Time left', width: 11, sortable: true, numeric: true },
      hint: 'When it comes, or how long it still acts, as well as this clock goes with that of the node',
      cell: (fault) => <TimeLeft fault={fault} />,
    },
    {
      ...{ id: 'by', title: 'By', width: 8, sortable: true },
      hint: 'What does it',
      cell: ({ by }) => <Text text={by} />,
    },
    {
      ...{ id: 'proof', title: 'Proof', width: 14, sortable: true },
      hint: 'What canaries have shown of it, and why',
      cell: (fault) => <Proof fault={fault} />,
    },
    {
      ...{ id: 'since', title: 'Since', width: 5, sortable: true, numeric: true },
      hint: 'How long it has been in its state',
      cell: ({ sinceMs }) => <Time ms={sinceMs} />,
    },
    {
      ...{ id: 'fault', title: 'Name', width: 8, sortable: true },
      hint: 'Its name in its run',
      cell: ({ run, fault }) => <Text text={fault} whole={`${fault} of the run ${run}`} />,
    },
    {
      ...{ id: 'heal', title: 'Do', width: 9 },
      hint: 'What may be done to it now',
      cell: (fault) => <FaultOperations {...{ hub, fault, definitions }} />,
    },
  ];
}

function Text({ text, whole = text }: { text: string; whole?: string }) {
  return text === '' ? <span class="none">–</span> : <span title={whole}>{text}</span>;
}
