import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { needsRelays } from '../../controller/scenario/needs-relays.js';
import type { Scenario } from '../../controller/scenario/scenario.js';
import { errorText, PosternError } from '../../errors.js';
import { checkWorld, groundNodes } from './check-world.js';
import type { Ground } from './ground.js';
import { startsAtOnce } from './in-parallel.js';
import { labGround } from './lab-ground.js';
import { localGround } from './local-ground.js';
import { startNodes } from './start-nodes.js';
import { SweeperLink } from './sweeper-link.js';
import type { World, WorldOptions } from './world.js';
import { worldEnvironment } from './world-environment.js';
import { makeWorldFiles } from './world-files.js';
import { WorldStage } from './world-stage.js';

/**
 * Brings up a hub and all nodes of a scenario, on this machine or in a lab. It ends with this process, however that ends.
 * Resolves when the daemons of all nodes serve. Throws `WORLD_INVALID` (exit status 2) for what the provider cannot do,
 * `LAB_REFUSED`, `LAB_TOOLS_MISSING`, `LAB_UNSUPPORTED` (exit status 2) where there can be no lab, `WORLD_FAILED` and
 * `LAB_FAILED` when something does not come up, and the reason of the signal.
 */
export async function bringWorld(scenario: Scenario, options: WorldOptions): Promise<World> {
  const { provider, signal, log, keep = false, env = process.env } = options;
  checkWorld(scenario, provider);
  signal?.throwIfAborted();
  // All that start at once listen to it.
  if (signal !== undefined) setMaxListeners(2 * startsAtOnce, signal);
  const files = await makeWorldFiles(options.directory, env);
  const { directory } = files;
  const passing = options.directory === undefined && !keep;
  const mark = randomUUID();
  const environment = worldEnvironment(env, mark);
  const sweeper = new SweeperLink({ mark, directory, remove: passing, log });
  let ground: Ground;
  try {
    const nodes = groundNodes(scenario);
    const relays = needsRelays({ ...scenario, provider });
    ground =
      provider === 'lab'
        ? await labGround(nodes, { directory, env: environment, relays })
        : await localGround(nodes, { env: environment, relays });
  } catch (thrown) {
    await sweeper.finish({ remove: passing });
    throw notOurs(thrown);
  }
  const stage = new WorldStage({ ...options, ground, files, sweeper, environment, passing });
  try {
    await startNodes(scenario, stage, options);
    return stage;
  } catch (thrown) {
    await stage.stop({ keepFiles: signal?.aborted !== true });
    throw signal?.aborted === true ? signal.reason : thrown;
  }
}

/** What is wrong with this machine is no failure of ours. */
function notOurs(thrown: unknown): unknown {
  const codes = ['LAB_REFUSED', 'LAB_TOOLS_MISSING', 'LAB_UNSUPPORTED'];
  if (!(thrown instanceof PosternError) || !codes.includes(thrown.code)) return thrown;
  const hint = [thrown.hint, 'or run it with --provider local, without networks of their own'];
  return new PosternError(thrown.code, errorText(thrown), {
    hint: hint.filter((text) => text !== undefined).join('; '),
    exitCode: 2,
    cause: thrown,
  });
}
