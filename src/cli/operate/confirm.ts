import { createInterface } from 'node:readline/promises';
import { PosternError } from '../../errors.js';
import type { Invocation } from '../invocation.js';

/** Asks whether it shall be done; resolves to the answer. Throws `NOT_CONFIRMED` (exit status 2) where nobody can be asked. */
export async function confirmed(invocation: Invocation, what: string): Promise<boolean> {
  if (invocation.options.flag('yes')) return true;
  const { stdin, stderr } = invocation.streams;
  if (!stdin.isTTY || !stderr.isTTY) {
    throw new PosternError('NOT_CONFIRMED', 'there is no terminal to ask at whether it shall be done', {
      hint: 'say so with --yes',
      exitCode: 2,
    });
  }
  const asking = createInterface({ input: stdin, output: stderr });
  const interrupted = new AbortController();
  asking.once('SIGINT', () => interrupted.abort());
  asking.once('close', () => interrupted.abort());
  try {
    const answer = await asking.question(`${what}\nShall it be done? [y/N] `, { signal: interrupted.signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch (thrown) {
    if (!interrupted.signal.aborted) throw thrown;
    stderr.write('\n');
    return false;
  } finally {
    asking.close();
  }
}
