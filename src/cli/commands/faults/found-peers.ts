import { PosternError } from '../../../errors.js';
import type { FaultPeer } from '../../../fault-kinds.js';
import type { NodeFaultsClient } from './node-faults.js';

/** The nodes with the addresses at which they say they are found, where nobody has said so; what they did not tell is told to `warn`. */
export function withAddresses(
  peers: readonly FaultPeer[],
  faults: NodeFaultsClient,
  warn: (text: string) => void,
): Promise<{ node: string; addresses: string[] }[]> {
  return Promise.all(
    peers.map(async ({ node, addresses }) => {
      if (addresses.length > 0) return { node, addresses: [...addresses] };
      try {
        const told = await faults.ask(node, (client) => client.getFaultCapabilities, {}, peerWithinMs);
        return { node, addresses: told.addresses };
      } catch (thrown) {
        if (!(thrown instanceof PosternError)) throw thrown;
        warn(`${node} does not tell where it is found (${thrown.message}); say it with --from ${node}=IP`);
        return { node, addresses: [] };
      }
    }),
  );
}

/** A node may take so long to tell, milliseconds. */
const peerWithinMs = 10_000;
