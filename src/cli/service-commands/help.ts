import { lookUpDeadline } from '../descriptor-source.js';
import { type Invocation, requiredWord } from '../invocation.js';
import { createCommand } from '../program.js';
import { withLookup } from './lookup.js';
import { serviceAnywhere } from './places.js';
import { methodOf } from './run.js';
import { methodText, serviceText } from './service-text.js';
import { serviceCommand } from './spec.js';

/** `postern SERVICE [METHOD [NODE]] --help`: what the service's description tells, then the options. */
export async function run(invocation: Invocation): Promise<number> {
  const { streams, words } = invocation;
  const [, method, node] = words;
  const word = requiredWord(invocation, 0);
  const general = createCommand(serviceCommand, process, () => {}).helpInformation();
  try {
    await withLookup(invocation, lookUpDeadline(), async (lookup) => {
      const found = await serviceAnywhere(lookup, word, node);
      const text =
        method === undefined ? serviceText(found) : methodText(found, methodOf(found.service, method));
      streams.stdout.write(`${text}\n${general.slice(Math.max(general.indexOf('Options:'), 0))}`);
    });
  } catch (thrown) {
    // What all of these commands have in common is told in any case.
    streams.stdout.write(general);
    throw thrown;
  }
  return 0;
}
