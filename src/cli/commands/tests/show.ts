import { PosternError } from '../../../errors.js';
import { type Invocation, requiredWord } from '../../invocation.js';
import { withHub } from '../../with-hub.js';
import { NodeTestsClient } from './node-tests.js';
import { showTests } from './test-view.js';

/** `postern test show`. */
export async function run(invocation: Invocation): Promise<number> {
  const node = requiredWord(invocation, 0);
  const [, name] = invocation.words;
  const request = { run: invocation.options.text('run') ?? '' };
  const { tests } = await withHub(invocation, (connection) =>
    new NodeTestsClient(connection).ask(node, (client) => client.listTests, request),
  );
  const wanted = tests.filter(({ test }) => name === undefined || test === name);
  if (name !== undefined && wanted.length === 0) {
    throw new PosternError('TEST_UNKNOWN', `node '${node}' has no test '${name}'`, {
      hint: 'see what there is with `postern test show NODE`',
    });
  }
  showTests(invocation, wanted);
  return 0;
}
