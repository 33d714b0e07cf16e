import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../../log.js';
import { leftoversOf, sendSignal } from './process-marks.js';

/** Beyond the grace, a keeper may take so long to end a process, in milliseconds. */
const slackMs = 5_000;
/** What was killed may take so long to go, in milliseconds. */
const killLimitMs = 5_000;
const lookEveryMs = 100;

/**
 * Ends what former lives of this agent have left: where the keeper is at work still, it is waited for; where it was
 * killed with the agent, SIGKILL. Never rejects.
 */
export async function endLeftovers(owner: string, graceMs: number, log: Logger): Promise<void> {
  const startedAt = performance.now();
  const keeperLimitMs = graceMs + slackMs;
  let told = false;
  for (;;) {
    const left = leftoversOf(owner).filter(({ agentLives }) => !agentLives);
    if (left.length === 0) return;
    if (!told)
      log.warn({ pids: left.map(({ pid }) => pid) }, 'a process of a former life of this agent is there');
    told = true;
    const forMs = performance.now() - startedAt;
    const doomed = left.filter(({ keeperLives }) => !keeperLives || forMs > keeperLimitMs);
    for (const { pid } of doomed) sendSignal(pid, 'SIGKILL');
    if (forMs > keeperLimitMs + killLimitMs) {
      log.error(
        { pids: left.map(({ pid }) => pid) },
        'a process of a former life of this agent can not be ended',
      );
      return;
    }
    await pause(lookEveryMs, undefined, { ref: false });
  }
}
