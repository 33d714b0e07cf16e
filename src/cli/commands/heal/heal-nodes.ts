import { status } from '@grpc/grpc-js';
import { CallFailed } from '../../../client/call-failed.js';
import type { HubConnection } from '../../../client/hub-connection.js';
import { NodeFaultsClient } from '../faults/node-faults.js';
import { byHand } from '../tests/node-tests.js';
import type { Healed } from './heal-view.js';

/** So many nodes are asked at the same time. */
const atOnce = 16;

/** What came of asking nodes. */
export interface NodesHealed {
  readonly faults: readonly Healed[];
  /** Nodes that did not answer, and why. */
  readonly failures: readonly { readonly node: string; readonly thrown: unknown }[];
}

/** Ends all faults of these nodes by way of the hub. `told` hears of each node that was asked; never rejects for one of them. */
export async function healNodes(
  connection: HubConnection,
  nodes: readonly string[],
  told: (asked: number) => void,
): Promise<NodesHealed> {
  const client = new NodeFaultsClient(connection);
  const faults: Healed[] = [];
  const failures: { node: string; thrown: unknown }[] = [];
  const waiting = [...nodes];
  let asked = 0;
  const askNext = async (): Promise<void> => {
    for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) {
      try {
        faults.push(...(await healNode(client, node)));
      } catch (thrown) {
        failures.push({ node, thrown });
      }
      asked += 1;
      told(asked);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, askNext));
  const byNode = (one: { node: string }, other: { node: string }) => (one.node < other.node ? -1 : 1);
  return { faults: faults.sort(byNode), failures: failures.sort(byNode) };
}

async function healNode(client: NodeFaultsClient, node: string): Promise<Healed[]> {
  try {
    const { faults } = await client.ask(node, ({ healAll }) => healAll, { run: '', ...byHand });
    return faults.map(({ run, fault, kind, state, reason }) => ({
      node,
      fault: `${run}.${fault}`,
      what: kind,
      became: state,
      why: reason,
      isOver: state !== 'stuck' && !state.startsWith('healing'),
    }));
  } catch (thrown) {
    // An agent without a daemon makes no faults.
    if (thrown instanceof CallFailed && thrown.status.code === status.UNIMPLEMENTED) return [];
    throw thrown;
  }
}
