import { ContextFiles } from '../contexts/context-files.js';
import { type Invocation, requiredWord } from '../invocation.js';

/** `postern context rm`. */
export async function run(invocation: Invocation): Promise<number> {
  const name = requiredWord(invocation, 0);
  const wasChosen = await new ContextFiles(invocation.env).remove(name);
  invocation.streams.stderr.write(
    `context ${name} is removed${wasChosen ? '; it was the one that counted, now none does' : ''}\n`,
  );
  return 0;
}
