import { type Invocation, requiredWord } from '../../invocation.js';
import { withHub } from '../../with-hub.js';
import { byHand, NodeTestsClient } from './node-tests.js';
import { showTests } from './test-view.js';

/** `postern test stop`. */
export async function run(invocation: Invocation): Promise<number> {
  const [node, test] = [requiredWord(invocation, 0), requiredWord(invocation, 1)];
  const request = {
    run: invocation.options.text('run') ?? '',
    test,
    reason: invocation.options.text('reason') ?? '',
    settleMs: undefined,
    ...byHand,
  };
  const answer = await withHub(invocation, (connection) =>
    new NodeTestsClient(connection).ask(node, (client) => client.stopTest, request),
  );
  showTests(invocation, answer.test === undefined ? [] : [answer.test]);
  return 0;
}
