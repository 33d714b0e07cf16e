import { printLive } from '../completion/live.js';
import type { Invocation } from '../invocation.js';
import { withHub } from '../with-hub.js';
import { listNodes } from './nodes.js';

/** The names of the nodes for a shell's completion: nothing when the hub cannot be asked at once. */
export function run(invocation: Invocation): Promise<number> {
  return printLive(invocation, ['nodes'], () =>
    withHub(invocation, async (connection) => (await listNodes(connection, '')).map(({ name }) => name)),
  );
}
