import { type Invocation, requiredWord } from '../../invocation.js';
import { withHub } from '../../with-hub.js';
import { byHand } from '../tests/node-tests.js';
import { showFaults } from './fault-view.js';
import { NodeFaultsClient } from './node-faults.js';

/** `postern fault heal`. */
export async function run(invocation: Invocation): Promise<number> {
  const node = requiredWord(invocation, 0);
  const [, fault] = invocation.words;
  const runName = invocation.options.text('run');
  const ended = await withHub(invocation, async (connection) => {
    const faults = new NodeFaultsClient(connection);
    if (fault === undefined) {
      const asked = { run: runName ?? '', ...byHand };
      return (await faults.ask(node, (client) => client.healAll, asked)).faults;
    }
    const asked = { run: runName ?? 'manual', fault, ...byHand };
    const { fault: healed } = await faults.ask(node, (client) => client.healFault, asked);
    return healed === undefined ? [] : [healed];
  });
  showFaults(invocation, ended);
  return ended.some(({ state }) => state === 'stuck' || state.startsWith('healing')) ? 1 : 0;
}
