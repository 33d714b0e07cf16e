import { type DescriptorSource, findIn } from '../../client/descriptors.js';
import { nearest } from '../../client/nearest.js';
import { type Described, kindOf, protoText, typesOf } from '../../client/proto-text.js';
import { PosternError } from '../../errors.js';
import { lookUpDeadline, withTypes } from '../descriptor-source.js';
import type { Invocation } from '../invocation.js';

/** `postern describe`. */
export async function run(invocation: Invocation): Promise<number> {
  const symbol = invocation.words[1];
  await withTypes(invocation, lookUpDeadline(), async (source) => {
    const described =
      symbol === undefined
        ? await everyService(source)
        : await describeOne(source, symbol.replace(/^[./]/, '').replace('/', '.'));
    const texts = described.map((desc) => `${kindOf(desc)}\n${protoText(desc)}`);
    invocation.streams.stdout.write(texts.join('\n'));
  });
  return 0;
}

async function everyService(source: DescriptorSource): Promise<Described[]> {
  const found: Described[] = [];
  for (const name of await source.services()) {
    const desc = (await source.find(name))?.getService(name);
    if (desc !== undefined) found.push(desc);
  }
  return found;
}

/** The thing itself; of a method its types too. */
async function describeOne(source: DescriptorSource, symbol: string): Promise<Described[]> {
  const registry = await source.find(symbol);
  const desc = registry === undefined ? undefined : findIn(registry, symbol);
  if (desc === undefined) {
    throw new PosternError('SYMBOL_UNKNOWN', `nothing is called '${symbol}'`, {
      hint: `there are the services ${nearest(symbol, await source.services()).join(', ')}`,
    });
  }
  return desc.kind === 'rpc' ? [desc, ...typesOf(desc)] : [desc];
}
