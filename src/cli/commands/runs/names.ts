import { printLive } from '../../completion/live.js';
import type { Invocation } from '../../invocation.js';
import { RunsCalls } from '../../runs/runs-calls.js';
import { withHub } from '../../with-hub.js';

/** The names of the runs for a shell's completion: nothing when the hub cannot be asked at once. */
export function run(invocation: Invocation): Promise<number> {
  return printLive(invocation, ['runs'], () =>
    withHub(invocation, async (connection) => {
      const { runs } = await new RunsCalls(connection).list(0);
      return runs.map((one) => one.run);
    }),
  );
}
