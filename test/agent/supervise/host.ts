/**
 * A process that supervises a daemon as an agent does: `host.js KEY BEHAVIOURS FILE GRACE_SECONDS`. Starts it, says
 * that it is ready, and stays.
 */
import { processConfig } from '../../../src/agent/supervise/config.js';
import { Supervisor } from '../../../src/agent/supervise/supervisor.js';
import { createLogger } from '../../../src/log.js';
import { daemonCommand, never } from './stage.js';

const [key = '', behaviours = '', file = '', grace = ''] = process.argv.slice(2);
const supervisor = new Supervisor({
  config: processConfig.parse({
    command: daemonCommand(behaviours, file),
    graceSeconds: Number(grace),
    settleSeconds: 0.1,
  }),
  node: 'attic',
  boot: 'b1',
  key,
  log: createLogger('debug'),
});
setInterval(() => {}, 60_000);
const outcome = await supervisor.start(never);
process.stdout.write(`${JSON.stringify({ ready: true, outcome })}\n`);
