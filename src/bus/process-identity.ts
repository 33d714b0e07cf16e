import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const psTimeoutMs = 5000;

/**
 * What tells a process from a later one with the same id: when it was started, as the system writes it. Undefined when
 * no such process runs (one that has ended but was not waited for does not run).
 */
export async function startMark(pid: number): Promise<string | undefined> {
  if (!processExists(pid)) return undefined;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat !== undefined) {
    // proc(5): the second field, in parentheses, may hold anything; the state follows it, and is field 3
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
    return `${boot.trim()}/${fields[22 - 3] ?? ''}`;
  }
  return ps(pid, 'lstart=');
}

/** The command line of a process, words separated by blanks; undefined when there is none. */
export async function commandLine(pid: number): Promise<string | undefined> {
  if (!processExists(pid)) return undefined;
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return words === undefined ? ps(pid, 'command=') : words.split('\0').join(' ').trim() || undefined;
}

/**
 * Ends a process that is not our child: SIGTERM, after `graceMs` SIGKILL. Resolves to whether it is gone.
 */
export async function endProcess(pid: number, graceMs: number): Promise<boolean> {
  const mark = await startMark(pid);
  for (const [signal, waitMs] of [
    ['SIGTERM', graceMs],
    ['SIGKILL', 2000],
  ] as const) {
    if (mark === undefined || (await startMark(pid)) !== mark) return true;
    try {
      process.kill(pid, signal);
    } catch {
      return false; // not ours to end
    }
    for (const end = Date.now() + waitMs; Date.now() < end; await sleep(20)) {
      if ((await startMark(pid)) !== mark) return true;
    }
  }
  return false;
}

/** True when a process with this id lives, whoever's it is. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // EPERM: it is there, but another user's
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM';
  }
}

/** For systems without /proc. */
async function ps(pid: number, column: string): Promise<string | undefined> {
  const options = { timeout: psTimeoutMs, env: { ...process.env, LC_ALL: 'C' } };
  const said = await exec('ps', ['-o', column, '-p', String(pid)], options).catch(() => undefined);
  return said?.stdout.trim() || undefined;
}
