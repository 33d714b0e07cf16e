import { type Invocation, requiredWord } from '../../invocation.js';
import { withHub } from '../../with-hub.js';
import { showCapabilities } from './capability-view.js';
import { NodeFaultsClient } from './node-faults.js';

/** `postern fault kinds`. */
export async function run(invocation: Invocation): Promise<number> {
  const node = requiredWord(invocation, 0);
  const told = await withHub(invocation, (connection) =>
    new NodeFaultsClient(connection).ask(node, (client) => client.getFaultCapabilities, {}),
  );
  showCapabilities(invocation, told);
  return 0;
}
