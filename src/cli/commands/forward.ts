import { nodeName } from '../../bus/messages.js';
import { listenForward } from '../../client/forward.js';
import { findHub } from '../../client/hub-target.js';
import { PosternError } from '../../errors.js';
import { parseForward } from '../forward-spec.js';
import { hubChoiceOf } from '../hub-choice.js';
import { type Invocation, requiredWord } from '../invocation.js';
import { logLevelOf, serve } from '../serving.js';

/** `postern forward`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const node = requiredWord(invocation, 0);
  const checked = nodeName.safeParse(node);
  if (!checked.success) {
    const reason = checked.error.issues[0]?.message ?? '';
    throw new PosternError('NODE_INVALID', `'${node}' is no node: ${reason}`, { exitCode: 2 });
  }
  const { listen, target } = parseForward(
    requiredWord(invocation, 1),
    options.text('address') ?? '127.0.0.1',
  );
  return serve(invocation, logLevelOf(options.text('log-level')), async (log, cleanup) => {
    const hub = await findHub(await hubChoiceOf(invocation));
    const forward = await listenForward(listen, { hub, node, target }, log);
    cleanup.add('the listener', () => forward.stop());
    const what = target === '' ? `the server of ${node}` : `${target} behind ${node}`;
    return {
      facts: { listen: forward.address, node, target, hub: hub.address },
      line: `forward: ${forward.address} is ${what} (through the hub at ${hub.address})`,
    };
  });
}
