import { type Invocation, requiredWord } from '../../invocation.js';
import { RunsCalls } from '../../runs/runs-calls.js';
import { withHub } from '../../with-hub.js';

/** `postern runs stop`. */
export async function run(invocation: Invocation): Promise<number> {
  const name = requiredWord(invocation, 0);
  const reason = invocation.options.text('reason') ?? 'by hand';
  const stopped = await withHub(invocation, (connection) => new RunsCalls(connection).stop(name, reason));
  const { stderr } = invocation.streams;
  if (stopped.endedAtMs > 0) stderr.write(`${name} has ended already: ${stopped.state}\n`);
  else stderr.write(`${name} is being ended; what it has shown: postern runs watch ${name}\n`);
  return 0;
}
