import { useEffect, useState } from 'preact/hooks';
import type { Instance } from '../../../../gen/web/postern/v1/nodes_pb.js';
import type { Hub } from '../../hub.js';
import { count, duration } from '../../parts/format.js';
import { StateName } from '../../parts/state.js';
import { Time } from '../../parts/time.js';
import { href, setQuery } from '../../place.js';
import type { FaultRow } from '../faults/fault-row.js';
import { NodeFaults } from '../faults/node-faults.js';
import type { Definitions } from '../machine/definitions.js';
import { ActorOperations } from './actor-operations.js';
import type { ActorFacts, FleetRow } from './row.js';
import { serviceName } from './services.js';

interface DetailsProps {
  readonly hub: Hub;
  readonly row: FleetRow;
  /** Those of the node that act or come yet. */
  readonly faults: readonly FaultRow[];
  readonly definitions: Definitions;
}

/** Everything about one node. Esc closes it. */
export function Details({ hub, row, faults, definitions }: DetailsProps) {
  const { node, name, labels, actors, trouble, change } = row;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (
        event.key === 'Escape' &&
        !event.defaultPrevented &&
        document.querySelector('dialog[open]') === null
      )
        close();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  return (
    <aside class="details" aria-label={`Node ${name}`}>
      <header>
        <h2>{name}</h2>
        <button type="button" aria-label="Close" title="Close (Esc)" onClick={close}>
          ×
        </button>
      </header>
      <p>
        <StateName state={node.state} tags={node.tags} />{' '}
        {row.sinceMs > 0 && (
          <span class="soft">
            since <Time ms={row.sinceMs} as="full" />
          </span>
        )}
      </p>
      <p>
        <a href={href(['calls'], new URLSearchParams({ node: name }))}>Calls</a>{' '}
        <a href={href(['sequence'], new URLSearchParams({ node: name }))}>Sequence of its machines</a>
      </p>
      <h3>Machines</h3>
      <ul>
        <Machine hub={hub} actor={actors.get(`node/${name}`)} machine="node" id={name} />
        {[...actors.values()]
          .filter(({ machine, gone }) => machine !== 'node' && machine !== 'fault' && !gone)
          .map((actor) => (
            <Machine
              key={`${actor.machine}/${actor.id}`}
              {...{ hub, actor, machine: actor.machine, id: actor.id }}
            />
          ))}
      </ul>
      <NodeFaults {...{ hub, node: name, faults, definitions }} />
      {trouble !== undefined && (
        <>
          <h3>Last error</h3>
          <p>
            {trouble.text}{' '}
            <span class="soft">
              {trouble.machine}, <Time ms={trouble.atMs} as="full" />
            </span>
          </p>
        </>
      )}
      {change !== undefined && (
        <>
          <h3>Last change</h3>
          <p>
            {change.machine} {change.event} → {change.to === '' ? 'ended' : change.to}{' '}
            <span class="soft">
              <Time ms={change.atMs} as="full" />
            </span>
          </p>
        </>
      )}
      <h3>Instances</h3>
      {node.instances.length === 0 ? (
        <p class="soft">
          None; last seen <Time ms={Number(node.lastSeenAtMs)} as="full" />
        </p>
      ) : (
        node.instances.map((instance) => <InstanceFacts key={instance.id} instance={instance} />)
      )}
      {labels.length > 0 && (
        <>
          <h3>Labels</h3>
          <p>{labels.join(' ')}</p>
        </>
      )}
      <h3>Keys</h3>
      <ul>
        {node.keys.map(({ key, boundAtMs, token }) => (
          <li key={key}>
            <span class="mono">{key}</span>{' '}
            <span class="soft">
              bound <Time ms={Number(boundAtMs)} as="full" />
              {token !== '' && `, by ${token}`}
            </span>
          </li>
        ))}
      </ul>
    </aside>
  );
}

function close(): void {
  setQuery({ node: '' });
}

interface MachineProps {
  readonly hub: Hub;
  readonly actor: ActorFacts | undefined;
  readonly machine: string;
  readonly id: string;
}

/** A machine of the node: where it is, and what may be done to it. */
function Machine({ hub, actor, machine, id }: MachineProps) {
  const [tags, setTags] = useState<readonly string[]>([]);
  return (
    <li>
      <a href={href(['machine', machine, id])}>
        {machine} {machine === 'node' ? '' : id}
      </a>{' '}
      {actor !== undefined && <StateName state={actor.state} tags={tags} />}{' '}
      {actor !== undefined && <ActorOperations hub={hub} actor={actor} tagged={setTags} />}
    </li>
  );
}

function InstanceFacts({ instance }: { instance: Instance }) {
  const { id, standing, sinceMs, version, transport, services, roundTripUs, calls, hub, epoch } = instance;
  const us = Number(roundTripUs);
  return (
    <dl class="facts">
      <dt>Instance</dt>
      <dd class="mono">{id}</dd>
      <dt>Standing</dt>
      <dd>
        {standing} since <Time ms={Number(sinceMs)} as="full" />
      </dd>
      <dt>Version</dt>
      <dd>
        {version}, claim {count(epoch)}
      </dd>
      <dt>Transport</dt>
      <dd>
        {transport}
        {hub !== '' && ` through ${hub}`}
        {us > 0 && `, ${duration(us / 1_000)} away`}
      </dd>
      <dt>Calls</dt>
      <dd>{count(calls)} open</dd>
      <dt>Services</dt>
      <dd>{services.length === 0 ? 'all' : services.map(serviceName).join(', ')}</dd>
    </dl>
  );
}
