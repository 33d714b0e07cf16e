import { printLive } from '../completion/live.js';
import { listActors } from '../inspect/wanted-actors.js';
import type { Invocation } from '../invocation.js';
import { withHub } from '../with-hub.js';

/** The names of nodes, and of all actors that have not gone, for a shell's completion: nothing when the hub cannot be asked at once. */
export function run(invocation: Invocation): Promise<number> {
  return printLive(invocation, ['actors'], () =>
    withHub(invocation, async (connection) => {
      const actors = (await listActors(connection, [])).filter(({ gone }) => !gone);
      const nodes = actors.filter(({ machine }) => machine === 'node').map(({ id }) => id);
      return [...nodes, ...actors.map(({ machine, id }) => `${machine}/${id}`)];
    }),
  );
}
