import { nodeName } from '../../bus/messages.js';
import { findHub } from '../../client/hub-target.js';
import { startLocalProxy } from '../../client/local-proxy.js';
import { PosternError } from '../../errors.js';
import { hubChoiceOf } from '../hub-choice.js';
import { type Invocation, requiredWord } from '../invocation.js';
import { logLevelOf, serve } from '../serving.js';

/** How long open calls may take to finish at the end, in milliseconds. */
const graceMs = 10_000;

/** `postern proxy`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const name = requiredWord(invocation, 0);
  const node = name === 'hub' ? undefined : name;
  const checked = nodeName.safeParse(name);
  if (node !== undefined && !checked.success) {
    throw new PosternError(
      'NODE_INVALID',
      `'${name}' is no node: ${checked.error.issues[0]?.message ?? ''}`,
      {
        exitCode: 2,
      },
    );
  }
  const listen = options.list('listen');
  return serve(invocation, logLevelOf(options.text('log-level')), async (log, cleanup) => {
    const target = await findHub(await hubChoiceOf(invocation));
    const proxy = await startLocalProxy({
      listen: listen.length === 0 ? ['127.0.0.1:0'] : listen,
      node,
      target,
      log,
    });
    cleanup.add('the listener', () => proxy.stop(graceMs));
    return {
      facts: { listen: [...proxy.addresses], node: name, hub: target.address },
      line: `proxy: ${proxy.addresses.join(', ')} is ${name} (through the hub at ${target.address})`,
    };
  });
}
