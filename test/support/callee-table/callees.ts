import path from 'node:path';
import type { TestContext } from 'node:test';
import { goBuilt } from '../../../scripts/go-tool.js';
import { withoutGo } from '../../../scripts/go-toolchain.js';
import type { Fleet } from '../fleet.js';
import { type RunningProcess, startReady } from '../processes.js';

/** How to start a callee in front of a server. */
export interface CalleeOptions {
  /** Lets others serve the same node. */
  readonly share?: boolean;
  /** Names its key, where another process shall have the same. */
  readonly home?: string;
}

/** A program that serves nodes: ours, or one that somebody else wrote from the document. */
export interface Callee {
  readonly name: string;
  /** A word for node names. */
  readonly short: string;
  /** Its exit status where it may not serve the node, or not any more. */
  readonly turnedAwayStatus: number;
  /** Why it cannot be tested here; false where it can. */
  readonly missing: string | false;
  /** Starts it and waits until a hub gives it calls; the test stops it. */
  start(t: Owner, fleet: Fleet, node: string, to: string, options?: CalleeOptions): Promise<RunningProcess>;
}

/** A test, or what else runs things at its end. */
export type Owner = Pick<TestContext, 'after'>;

const ours: Callee = {
  name: 'postern agent',
  short: 'ours',
  turnedAwayStatus: 80,
  missing: false,
  start(_owner, fleet, node, to, { share = false, home = node } = {}) {
    return fleet.agent(node, [to], share ? ['--share'] : [], home);
  },
};

/** Both callees. */
export async function callees(): Promise<readonly Callee[]> {
  const missing = await withoutGo();
  const program = missing === false ? await goBuilt('examples/agent-go', 'agent-go') : '';
  const go: Callee = {
    name: 'agent in Go',
    short: 'go',
    turnedAwayStatus: 1,
    missing,
    async start(owner, fleet, node, to, { share = false, home = node } = {}) {
      const token = await fleet.joinToken(node);
      const started = await startReady(
        program,
        [
          ...['--node', node, '--to', to, '--hub', `http://${await fleet.hubAddress()}`],
          ...['--key', path.join(fleet.dir, `${home}.nk`), ...(share ? ['--share'] : [])],
        ],
        { env: { POSTERN_TOKEN: token } },
      );
      owner.after(() => started.stop());
      return started;
    },
  };
  return [ours, go];
}
