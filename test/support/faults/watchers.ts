import { readdir, readFile } from 'node:fs/promises';

/** Processes beside agents that undo faults. */
export interface Watchers {
  readonly guardians: number[];
  /** Those that take the place of a guardian that is killed. */
  readonly deputies: number[];
}

/** Those of agents whose data is in or below this directory. */
export async function watchersOf(directory: string): Promise<Watchers> {
  const found: Watchers = { guardians: [], deputies: [] };
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const [words = '', variables = ''] = await Promise.all(
      ['cmdline', 'environ'].map((file) => readFile(`/proc/${name}/${file}`, 'latin1').catch(() => '')),
    );
    if (words.includes('guardian.js') && words.includes(directory)) found.guardians.push(Number(name));
    else if (variables.includes(`DEPUTY_DIRECTORY=${directory}`)) found.deputies.push(Number(name));
  }
  return found;
}

/** How many there are of both. */
export async function watchersLeft(directory: string): Promise<number> {
  const { guardians, deputies } = await watchersOf(directory);
  return guardians.length + deputies.length;
}

/** SIGKILL to all of them, as fast as can be; those that are gone by now are gone. */
export function killAtOnce(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has ended
    }
  }
}
