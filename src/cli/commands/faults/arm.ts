import { PosternError } from '../../../errors.js';
import { faultKinds } from '../../../fault-kinds.js';
import { type Invocation, requiredWord } from '../../invocation.js';
import { withHub } from '../../with-hub.js';
import { measureClock } from '../tests/node-clock.js';
import { byHand, NodeTestsClient } from '../tests/node-tests.js';
import { showFaults } from './fault-view.js';
import { withAddresses } from './found-peers.js';
import { NodeFaultsClient } from './node-faults.js';
import { shapeOf } from './shape.js';

/** `postern fault arm`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const [node, fault] = [requiredWord(invocation, 0), requiredWord(invocation, 1)];
  const kind = faultKinds.find((one) => one === options.text('kind'));
  const runName = options.text('run') ?? '';
  const inMs = options.durationMs('in') ?? 0;
  const said = options.durationMs('duration');
  if (kind === undefined) {
    throw new PosternError('OPTION_MISSING', 'a fault needs --kind', {
      hint: 'see what this node can do with `postern fault kinds NODE`',
      exitCode: 2,
    });
  }
  const shape = shapeOf(options, kind);
  const forMs = said ?? (kind === 'restart' ? 0 : 10_000);
  const armed = await withHub(invocation, async (connection) => {
    const faults = new NodeFaultsClient(connection);
    const warn = (text: string) => void invocation.streams.stderr.write(`postern: ${text}\n`);
    const from = await withAddresses(shape.from, faults, warn);
    const clock = await measureClock(new NodeTestsClient(connection), node);
    const asked = {
      run: runName,
      fault,
      kind,
      atMs: Date.now() + inMs,
      forMs,
      shape: { ...shape, from },
      others: [],
      ...clock,
      ...byHand,
    };
    return faults.ask(node, (client) => client.armFault, asked);
  });
  showFaults(invocation, armed.fault === undefined ? [] : [armed.fault]);
  return armed.fault?.state === 'refused' ? 1 : 0;
}
