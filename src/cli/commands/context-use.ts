import { PosternError } from '../../errors.js';
import { ContextFiles } from '../contexts/context-files.js';
import type { Invocation } from '../invocation.js';

/** `postern context use`. */
export async function run({ options, words, streams, env }: Invocation): Promise<number> {
  const [name] = words;
  if ((name === undefined) !== options.flag('none')) {
    throw new PosternError('USAGE', 'say either the name of a context or --none', { exitCode: 2 });
  }
  const files = new ContextFiles(env);
  if (name !== undefined) await files.read(name);
  await files.choose(name);
  streams.stderr.write(
    name === undefined ? 'no context counts now\n' : `context ${name} counts from now on\n`,
  );
  return 0;
}
