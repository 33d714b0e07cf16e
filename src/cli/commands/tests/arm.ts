import { type Invocation, requiredWord } from '../../invocation.js';
import { withHub } from '../../with-hub.js';
import { measureClock } from './node-clock.js';
import { byHand, NodeTestsClient } from './node-tests.js';
import { showTests } from './test-view.js';

/** `postern test arm`. */
export async function run(invocation: Invocation): Promise<number> {
  const [node, test] = [requiredWord(invocation, 0), requiredWord(invocation, 1)];
  const runName = invocation.options.text('run') ?? '';
  const inMs = invocation.options.durationMs('in') ?? 0;
  const armed = await withHub(invocation, async (connection) => {
    const tests = new NodeTestsClient(connection);
    const clock = await measureClock(tests, node);
    const startAtMs = Date.now() + inMs;
    return tests.ask(node, (client) => client.armTest, {
      run: runName,
      test,
      startAtMs,
      ...clock,
      ...byHand,
    });
  });
  showTests(invocation, armed.test === undefined ? [] : [armed.test]);
  return 0;
}
