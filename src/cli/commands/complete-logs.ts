import { printLive } from '../completion/live.js';
import { type Invocation, requiredWord } from '../invocation.js';
import { listLogs } from '../logs/list-logs.js';
import { withHub } from '../with-hub.js';

/** The log files of a node for a shell's completion: nothing when it cannot be asked at once. */
export function run(invocation: Invocation): Promise<number> {
  const node = requiredWord(invocation, 0);
  return printLive(invocation, ['logs', node], () =>
    withHub(invocation, async (connection) =>
      (await listLogs(connection, node)).files.map(({ path }) => path),
    ),
  );
}
