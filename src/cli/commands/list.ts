import { unknownService } from '../../client/descriptors.js';
import { lookUpDeadline, withTypes } from '../descriptor-source.js';
import type { Invocation } from '../invocation.js';

/** `postern list`. */
export async function run(invocation: Invocation): Promise<number> {
  const service = invocation.words[1];
  await withTypes(invocation, lookUpDeadline(), async (source) => {
    const { stdout } = invocation.streams;
    if (service === undefined) {
      for (const name of await source.services()) stdout.write(`${name}\n`);
      return;
    }
    const desc = (await source.find(service))?.getService(service);
    if (desc === undefined) throw await unknownService(source, service);
    for (const method of desc.methods) stdout.write(`${service}.${method.name}\n`);
  });
  return 0;
}
