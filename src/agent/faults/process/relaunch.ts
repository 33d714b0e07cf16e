import { startMark } from '../../../bus/process-identity.js';
import { cleanAfter, processesBy } from './faketime.js';
import { type LaunchOrder, launchDaemon } from './launch.js';
import { endProcesses, isThere, type ProcessRef, waitForEnd } from './signals.js';

/** Who is asked to end gets so long before it is killed, milliseconds. */
const graceMs = 5_000;
/** Whoever was told to end by an agent that is gone may take so much longer, milliseconds. */
const slackMs = 500;

/** What has to be done before a daemon is started as it was. */
export interface Before {
  /** Whom the fault was to end: they may be about to. */
  readonly ended: readonly ProcessRef[];
  /** What was started with another clock is ended; empty: nothing was. */
  readonly mark: string;
}

/**
 * Starts a daemon as it was before a fault, unless somebody has already; resolves to what people should know. Rejects
 * `DAEMON_NOT_STARTED`, `DAEMON_NOT_OURS`.
 */
export async function relaunch(order: LaunchOrder, { ended, mark }: Before): Promise<string | undefined> {
  // One that holds its socket for another moment would be taken for a daemon that needs nobody to start it.
  await waitForEnd(ended, graceMs + slackMs);
  if (mark !== '') await endMarked(mark);
  if (ended.length > 0 && (await areAllThere(ended))) return 'the daemon had not been ended';
  return launchDaemon(order);
}

/** Lets processes end by themselves, and kills those that do not. Rejects as `killProcesses` does. */
export function endGently(processes: readonly ProcessRef[]): Promise<void> {
  return endProcesses(processes, graceMs);
}

/** Ends all that has the clock of a fault, and removes what libfaketime leaves of it. */
async function endMarked(mark: string): Promise<void> {
  for (;;) {
    const pids = await processesBy(mark);
    if (pids.length === 0) return;
    const found: ProcessRef[] = [];
    for (const pid of pids) {
      const start = await startMark(pid);
      if (start !== undefined) found.push({ pid, mark: start });
    }
    await endGently(found);
    for (const pid of pids) await cleanAfter(pid);
    if (found.length === 0) return;
  }
}

async function areAllThere(processes: readonly ProcessRef[]): Promise<boolean> {
  for (const one of processes) if (!(await isThere(one))) return false;
  return true;
}
