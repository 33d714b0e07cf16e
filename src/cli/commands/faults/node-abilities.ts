import type { JsonValue } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { CallFailed } from '../../../client/call-failed.js';
import type { HubConnection } from '../../../client/hub-connection.js';
import type { GetFaultCapabilitiesResponse } from '../../../gen/postern/v1/faults.js';
import type { Node } from '../../../gen/postern/v1/nodes.js';
import { capabilitiesJson, capabilitiesText } from './capability-view.js';
import { NodeFaultsClient } from './node-faults.js';

/** A node may take so long to tell what faults it can do, milliseconds. */
const withinMs = 5_000;
const service = 'postern.v1.FaultsService';

/** What a node says of faults that it can do, or why it does not. */
export type NodeAbilities = { readonly told: GetFaultCapabilitiesResponse } | { readonly reason: string };

/** Asks a node what faults it can do, where it is there and the caller may. Never rejects for what the node answers. */
export async function askAbilities(connection: HubConnection, node: Node): Promise<NodeAbilities> {
  const { name, instances } = node;
  if (instances.length === 0) return { reason: 'it is not connected' };
  if (!instances.some(({ services }) => services.length === 0 || services.some(isForFaults))) {
    return { reason: 'its agent has no daemon' };
  }
  try {
    const faults = new NodeFaultsClient(connection);
    return { told: await faults.ask(name, (client) => client.getFaultCapabilities, {}, withinMs) };
  } catch (thrown) {
    if (!(thrown instanceof CallFailed)) throw thrown;
    return { reason: whyNot(thrown) };
  }
}

/** The same in a table's stead: below it. */
export function abilitiesText(abilities: NodeAbilities): string {
  if ('told' in abilities) return `\n${capabilitiesText(abilities.told)}`;
  return `\nfaults that it can do: not known, ${abilities.reason}\n`;
}

/** The same for programs. */
export function abilitiesJson(abilities: NodeAbilities): JsonValue {
  return 'told' in abilities ? capabilitiesJson(abilities.told) : { reason: abilities.reason };
}

/** Prefixes of paths are what instances tell of services. */
function isForFaults(prefix: string): boolean {
  return `${service}/`.startsWith(prefix) || prefix.startsWith(`${service}/`);
}

function whyNot({ status: { code }, message }: CallFailed): string {
  if (code === status.UNIMPLEMENTED) return 'its agent has no daemon';
  if (code === status.PERMISSION_DENIED || code === status.UNAUTHENTICATED) {
    return `you may not call ${service} there`;
  }
  if (code === status.DEADLINE_EXCEEDED) return `it did not answer within ${withinMs / 1_000} s`;
  return `it cannot be asked: ${message}`;
}
