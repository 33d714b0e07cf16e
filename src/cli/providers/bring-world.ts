import type { Scenario } from '../../controller/scenario/scenario.js';
import { PosternError } from '../../errors.js';
import type { World, WorldOptions } from './world.js';

/**
 * Brings up a hub and all nodes of a scenario, on this machine or in a lab. It ends with this process, however that ends.
 * Resolves when the daemons of all nodes serve. Throws `WORLD_INVALID` (exit status 2) for what the provider cannot do,
 * `WORLD_FAILED` when something does not come up, what `openLab` throws, and the reason of the signal.
 */
export async function bringWorld(scenario: Scenario, options: WorldOptions): Promise<World> {
  throw new PosternError('WORLD_FAILED', `${options.provider}: ${scenario.name} cannot be brought up`);
}
