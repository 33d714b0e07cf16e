import { readdirSync, readFileSync } from 'node:fs';
import { worldMark } from '../../world-mark.js';

/** Finding processes by their environment needs /proc as Linux has it. */
export const marksAreRead = process.platform === 'linux';

/** The processes of a world that have not ended, as far as this user may look. */
export function markedProcesses(mark: string): number[] {
  const variable = `${worldMark}=${mark}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => readOf(name, 'environ').split('\0').includes(variable) && !isOver(name))
    .map(Number);
}

/** Sends a signal; false when there was nobody to send it to. */
export function signalled(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** It has ended, and its parent has not looked yet: proc(5), the state follows the name in parentheses. */
function isOver(pid: string): boolean {
  const stat = readOf(pid, 'stat');
  return /^[ZX]?$/.test(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[0] ?? '');
}

/** Empty when the process is gone, or somebody else's. */
function readOf(pid: string, file: 'stat' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
