import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that outlived the tests that started it. */
export interface Leftover {
  readonly pid: number;
  readonly command: string;
}

/**
 * The processes whose environment holds `mark` (`NAME=value`), read from /proc; none where there is no /proc.
 * Processes that are just ending get `graceMs` to do so.
 */
export async function findLeftovers(mark: string, graceMs: number): Promise<Leftover[]> {
  const deadline = performance.now() + graceMs;
  for (;;) {
    const found = processes().flatMap((pid) => describe(pid, mark));
    if (found.length === 0 || performance.now() > deadline) return found;
    await sleep(100);
  }
}

function processes(): number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid !== process.pid);
  } catch {
    return [];
  }
}

function describe(pid: number, mark: string): Leftover[] {
  try {
    if (!readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark)) return [];
    return [{ pid, command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() }];
  } catch {
    // It has ended meanwhile, or belongs to somebody else.
    return [];
  }
}
