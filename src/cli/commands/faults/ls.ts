import { type Invocation, requiredWord } from '../../invocation.js';
import { withHub } from '../../with-hub.js';
import { showFaults } from './fault-view.js';
import { NodeFaultsClient } from './node-faults.js';

/** `postern fault ls`. */
export async function run(invocation: Invocation): Promise<number> {
  const node = requiredWord(invocation, 0);
  const asked = { run: invocation.options.text('run') ?? '' };
  const { faults } = await withHub(invocation, (connection) =>
    new NodeFaultsClient(connection).ask(node, (client) => client.listFaults, asked),
  );
  showFaults(invocation, faults);
  return 0;
}
