import { readFileSync } from 'node:fs';

/** The first child of a process, as this machine numbers it; undefined when it has none, or has ended (proc(5)). */
export function firstChild(pid: number): number | undefined {
  try {
    const [first = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return first === '' ? undefined : Number(first);
  } catch {
    return undefined;
  }
}
