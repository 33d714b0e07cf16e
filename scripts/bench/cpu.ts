import { readdirSync, readFileSync } from 'node:fs';

/** Microseconds of one tick of /proc/PID/stat; the kernel tells user space always 100 ticks a second. */
const tickMicros = 10_000;

/** Processes whose CPU time is told together. */
export interface ProcessGroup {
  /** E.g. `hub`. */
  readonly name: string;
  readonly pids: readonly number[];
}

/**
 * CPU time of a process with all its threads so far, in microseconds. With `children`, that of its children that have
 * ended and were waited for instead. Undefined where there is no /proc.
 */
export function cpuMicros(pid: number, children = false): number | undefined {
  const fields = statFields(pid);
  if (fields === undefined) return undefined;
  // utime and stime are the 14th and 15th field, those of children follow
  const first = children ? 13 : 11;
  return (Number(fields[first]) + Number(fields[first + 1])) * tickMicros;
}

/** CPU time of all processes of a group. */
export function groupMicros(group: ProcessGroup): number | undefined {
  let sum = 0;
  for (const pid of group.pids) {
    const micros = cpuMicros(pid);
    if (micros === undefined) return undefined;
    sum += micros;
  }
  return sum;
}

/** Processes that a process has started and that run; none where there is no /proc. */
export function childrenOf(parent: number): number[] {
  return processes().filter((pid) => statFields(pid)?.[1] === String(parent));
}

function processes(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** The fields of /proc/PID/stat from the third on, as the second may hold anything; undefined: no such process. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
