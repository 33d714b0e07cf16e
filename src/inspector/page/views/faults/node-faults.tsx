import type { Hub } from '../../hub.js';
import { href } from '../../place.js';
import type { Definitions } from '../machine/definitions.js';
import { FaultOperations, FaultState, Proof, TimeLeft } from './fault-parts.js';
import type { FaultRow } from './fault-row.js';
import { HealAll } from './heal-all.js';

interface NodeFaultsProps {
  readonly hub: Hub;
  readonly node: string;
  /** Those that act or come yet. */
  readonly faults: readonly FaultRow[];
  readonly definitions: Definitions;
}

/** The faults of one node, in the panel of the node. */
export function NodeFaults({ hub, node, faults, definitions }: NodeFaultsProps) {
  return (
    <section aria-label={`Faults of ${node}`}>
      <h3>Faults</h3>
      {faults.length === 0 && <p class="soft">None acts or waits.</p>}
      <ul>
        {faults.map((fault) => (
          <li key={fault.key}>
            <a href={href(['machine', fault.machine, fault.id])}>{fault.kind}</a>{' '}
            {fault.shape !== '' && <span>{fault.shape} </span>}
            <FaultState {...{ fault, definitions }} />{' '}
            <span class="soft">
              <TimeLeft fault={fault} />
              {fault.by !== '' && ` by ${fault.by}`}
            </span>{' '}
            {(fault.proof !== '' || fault.reason !== '') && <Proof fault={fault} />}{' '}
            <FaultOperations {...{ hub, fault, definitions }} />
          </li>
        ))}
      </ul>
      <p>
        {faults.length > 1 && <HealAll hub={hub} of={`of ${node}`} faults={faults} />}{' '}
        <a href={href(['faults'], new URLSearchParams({ q: node, all: '1' }))}>All that were</a>
      </p>
    </section>
  );
}
