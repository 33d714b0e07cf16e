import { access, readdir, readFile, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { PosternError } from '../../../errors.js';
import { readProgram } from './elf.js';
import type { ProcessRef } from './signals.js';

/** The one that is safe with threads is preferred: daemons have them. */
const libraries = ['libfaketimeMT.so.1', 'libfaketime.so.1'];

/** Directories where packages put it, of all kinds of processors. */
async function usualDirectories(): Promise<string[]> {
  const parts = await readdir('/usr/lib').catch(() => []);
  const multiarch = parts.filter((name) => name.includes('-linux-')).map((name) => join('/usr/lib', name));
  return [...multiarch, '/usr/lib', '/usr/lib64', '/usr/local/lib', '/usr/local/lib64'].map((directory) =>
    join(directory, 'faketime'),
  );
}

/**
 * Finds libfaketime for a process, where packages have it and in `LD_LIBRARY_PATH`. Throws `UNSUPPORTED` where there is
 * none, and where the program does not ask the library of C what time it is.
 */
export async function faketimeFor({ pid }: ProcessRef, env: NodeJS.ProcessEnv): Promise<string> {
  const program = await readProgram(`/proc/${pid}/exe`).catch(() => undefined);
  if (program === undefined) throw unsupported(`the program of process ${pid} cannot be read`);
  if (program.loader === undefined) {
    throw unsupported(
      'the daemon is linked statically, as most programs of Go are: no library can tell it another time',
    );
  }
  if (program.isGo) {
    throw unsupported('the daemon is a program of Go, which asks the kernel for the time and no library');
  }
  const given = (env.LD_LIBRARY_PATH ?? '').split(delimiter).filter((directory) => directory.startsWith('/'));
  let others = '';
  for (const directory of [...given, ...(await usualDirectories())]) {
    for (const name of libraries) {
      const file = join(directory, name);
      if (!(await isThere(file))) continue;
      const library = await readProgram(file).catch(() => undefined);
      if (library?.bits === program.bits && library.machine === program.machine) return file;
      others = `; ${file} is for another kind of processor`;
    }
  }
  throw unsupported(`libfaketime was not found${others}`, 'Debian: apt install faketime');
}

/**
 * The environment of a process that sees another clock: `clockMs` is its clock minus the true one. What measures how long
 * something takes stays as it is.
 */
export function environmentBy(
  library: string,
  clockMs: number,
  mark: string,
  environment: Readonly<Record<string, string>>,
): Record<string, string> {
  const { LD_PRELOAD: earlier = '' } = environment;
  return {
    ...environment,
    LD_PRELOAD: earlier === '' ? library : `${library}:${earlier}`,
    FAKETIME: offsetText(clockMs),
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    [clockMark]: mark,
  };
}

/** Variable that all processes have which were started with another clock: which fault has done so. */
const clockMark = 'POSTERN_CLOCK';

/** As libfaketime reads it: seconds with a sign. */
function offsetText(clockMs: number): string {
  return `${clockMs < 0 ? '-' : '+'}${(Math.abs(clockMs) / 1000).toFixed(3)}s`;
}

/** Ids of all processes that were started with that clock, or by one that was. */
export async function processesBy(mark: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (/^\d+$/.test(name) && (await variablesOf(Number(name))).includes(`${clockMark}=${mark}`))
      found.push(Number(name));
  }
  return found;
}

/** The offset that libfaketime gives a process; undefined: it has the clock of the machine. */
export async function offsetOf(pid: number): Promise<string | undefined> {
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8').catch(() => '');
  if (!maps.includes('/libfaketime')) return undefined;
  const variable = (await variablesOf(pid)).find((text) => text.startsWith('FAKETIME='));
  return variable?.slice('FAKETIME='.length);
}

/** Whether a process has that clock. */
export async function hasOffset(pid: number, clockMs: number): Promise<boolean> {
  return (await offsetOf(pid)) === offsetText(clockMs);
}

/** Removes what libfaketime leaves in shared memory of a process that was killed (its README, "Cleaning up shared memory"). */
export async function cleanAfter(pid: number): Promise<void> {
  for (const name of [`faketime_shm_${pid}`, `sem.faketime_sem_${pid}`]) {
    await rm(`/dev/shm/${name}`, { force: true }).catch(() => {});
  }
}

async function variablesOf(pid: number): Promise<string[]> {
  return (await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')).split('\0');
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function unsupported(why: string, hint?: string): PosternError {
  const message = hint === undefined ? why : `${why} (${hint})`;
  return new PosternError('UNSUPPORTED', `the clock cannot be put wrong: ${message}`);
}
