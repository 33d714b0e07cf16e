import type { Invocation } from '../invocation.js';
import { withHub } from '../with-hub.js';
import { listNodes } from './nodes.js';

/** The names of the nodes for a shell's completion: nothing when the hub cannot be asked at once. */
export async function run(invocation: Invocation): Promise<number> {
  try {
    await withHub(invocation, async (connection) => {
      for (const { name } of await listNodes(connection, '')) invocation.streams.stdout.write(`${name}\n`);
    });
  } catch {
    // A message here would land in the middle of the line that is being typed.
  }
  return 0;
}
