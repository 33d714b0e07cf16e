import { createLogger } from '../../log.js';
import type { Invocation } from '../invocation.js';
import type { World } from '../providers/world.js';
import { logLevelOf } from '../serving.js';
import { interruptedStatus } from '../signals.js';
import type { Interruption } from './interruption.js';
import type { RunShow } from './run-show.js';
import type { WantedRun } from './wanted-run.js';

/**
 * Brings the nodes of the scenario where its provider is `local` or `lab`, and ends them when `use` is over. One that is
 * interrupted before they are there ends with 130.
 */
export async function withWorld(
  invocation: Invocation,
  { scenario, request }: WantedRun,
  { show, interruption }: { readonly show: RunShow; readonly interruption: Interruption },
  use: (world: World | undefined) => Promise<number>,
): Promise<number> {
  const { provider } = scenario;
  if (provider === 'connected') return use(undefined);
  const { options, env } = invocation;
  const { bringWorld } = await import('../providers/bring-world.js');
  const keep = options.flag('keep-files');
  const { ending } = interruption;
  let step = '';
  let world: World;
  try {
    world = await bringWorld(scenario, {
      provider,
      directory: options.text('directory'),
      keep,
      seed: request.seed === '' ? undefined : request.seed,
      // What it does is shown as steps; its log would stand between them.
      log: createLogger(
        options.given('log-level') === undefined ? 'warn' : logLevelOf(options.text('log-level')),
        {
          role: 'run',
        },
      ),
      signal: ending,
      progress: (progress) => {
        if (progress.step !== step) show.say(progress.step);
        step = progress.step;
      },
      env,
    });
  } catch (thrown) {
    if (ending.aborted) return interruptedStatus;
    throw thrown;
  }
  let keepFiles = keep;
  try {
    return await use(world);
  } catch (thrown) {
    // What went wrong may stand there.
    keepFiles ||= !ending.aborted;
    throw thrown;
  } finally {
    await world.stop({ keepFiles });
    if (keepFiles) show.say(`files of the nodes: ${world.directory}`);
  }
}
