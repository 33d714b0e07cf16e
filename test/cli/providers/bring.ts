/**
 * Brings up the world of a scenario that is told as `PROVIDER NODES`, says so in a line, and stays until it is killed. What
 * a terminal sends with Ctrl-C it takes for something that it will see to.
 */
import { bringWorld } from '../../../src/cli/providers/bring-world.js';
import { createLogger } from '../../../src/log.js';
import { scenarioOf } from './worlds.js';

const [, , provider = '', nodes = ''] = process.argv;
process.on('SIGINT', () => {});
const world = await bringWorld(scenarioOf(provider === 'lab' ? 'lab' : 'local', Number(nodes)), {
  provider: provider === 'lab' ? 'lab' : 'local',
  log: createLogger('warn', {}),
});
const { directory, hub } = world;
process.stdout.write(`${JSON.stringify({ ready: true, directory, hub })}\n`);
setInterval(() => {}, 60_000);
