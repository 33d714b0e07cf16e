import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { startMark } from '../../../bus/process-identity.js';
import { errorText, PosternError } from '../../../errors.js';

/** A process, told from a later one with the same id. */
export const processRef = z.object({ pid: z.number().int().positive(), mark: z.string().min(1) });
export type ProcessRef = z.infer<typeof processRef>;

/** What was signalled may take so long to show it, milliseconds. */
const showWithinMs = 5_000;
const lookEveryMs = 10;

/** Stops processes, and resolves when they stand still. Rejects `DAEMON_NOT_OURS`, `FAULT_FAILED`. */
export async function stopProcesses(processes: readonly ProcessRef[]): Promise<void> {
  for (const one of processes) await signal(one, 'SIGSTOP');
  await shown(processes, async (one) => !(await isThere(one)) || (await stateOf(one.pid)) === 'T', 'stopped');
}

/** Lets stopped processes go on; resolves to what people should know. */
export async function continueProcesses(processes: readonly ProcessRef[]): Promise<string | undefined> {
  const gone: number[] = [];
  for (const one of processes) if (!(await signal(one, 'SIGCONT'))) gone.push(one.pid);
  await shown(
    processes,
    async (one) => !(await isThere(one)) || (await stateOf(one.pid)) !== 'T',
    'let go on',
  );
  return gone.length === 0 ? undefined : `process ${gone.join(', ')} ended while it was paused`;
}

/**
 * Kills processes, and resolves when they are gone, with all that they had open. Rejects `DAEMON_NOT_OURS`,
 * `FAULT_FAILED`.
 */
export async function killProcesses(processes: readonly ProcessRef[]): Promise<void> {
  for (const one of processes) await signal(one, 'SIGKILL');
  await shown(processes, async (one) => !(await isThere(one)) && !(await hasThreads(one.pid)), 'killed');
}

/** Asks processes to end (SIGTERM), and kills those that are there after `graceMs`. Resolves and rejects as `killProcesses` does. */
export async function endProcesses(processes: readonly ProcessRef[], graceMs: number): Promise<void> {
  for (const one of processes) await signal(one, 'SIGTERM');
  await waitForEnd(processes, graceMs);
  await killProcesses(processes);
}

/** Resolves when none of these processes is there, or when the time is up. */
export async function waitForEnd(processes: readonly ProcessRef[], limitMs: number): Promise<void> {
  const endMs = performance.now() + limitMs;
  for (const one of processes) {
    while (performance.now() < endMs && ((await isThere(one)) || (await hasThreads(one.pid)))) {
      await sleep(lookEveryMs);
    }
  }
}

/** Whether that very process is there and has not ended. */
export async function isThere({ pid, mark }: ProcessRef): Promise<boolean> {
  return (await startMark(pid)) === mark;
}

/** False when it is not there any more. */
async function signal(one: ProcessRef, name: NodeJS.Signals): Promise<boolean> {
  if (!(await isThere(one))) return false;
  try {
    return process.kill(one.pid, name);
  } catch (thrown) {
    if (!(await isThere(one))) return false;
    throw new PosternError('DAEMON_NOT_OURS', `process ${one.pid} takes no ${name}: ${errorText(thrown)}`);
  }
}

async function shown(
  processes: readonly ProcessRef[],
  shows: (one: ProcessRef) => Promise<boolean>,
  what: string,
): Promise<void> {
  const endMs = performance.now() + showWithinMs;
  for (const one of processes) {
    while (!(await shows(one))) {
      if (performance.now() > endMs) {
        throw new PosternError('FAULT_FAILED', `process ${one.pid} was not ${what} in ${showWithinMs} ms`);
      }
      await sleep(lookEveryMs);
    }
  }
}

/**
 * Whether threads of a process that has ended are left. Its files, listening sockets among them, are closed by the last
 * one, which may come well after the first: that one gives back the memory before.
 */
async function hasThreads(pid: number): Promise<boolean> {
  return (await readdir(`/proc/${pid}/task`).catch(() => [])).length > 1;
}

/** The state of proc(5): `T` is stopped. */
async function stateOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
}
