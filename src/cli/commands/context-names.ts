import { ContextFiles } from '../contexts/context-files.js';
import type { Invocation } from '../invocation.js';

/** The names of the contexts for a shell's completion: nothing when they cannot be read. */
export async function run({ streams, env }: Invocation): Promise<number> {
  try {
    for (const name of await new ContextFiles(env).names()) streams.stdout.write(`${name}\n`);
  } catch {
    // A message here would land in the middle of the line that is being typed.
  }
  return 0;
}
