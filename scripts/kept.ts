/** Things that take long to make, kept in a directory: made by one process at a time, whole or not at all. */
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { lockDirectory, type Release } from '../src/bus/directory-lock.js';
import { PosternError } from '../src/errors.js';

/** Waiting for another process that makes the same, in milliseconds. */
const waitMs = 600_000;

/**
 * The path of `name` in `<home>/<key>`, which `make` fills where it is not there: in a directory of another name, which
 * is renamed when it is whole. Throws what `make` throws.
 */
export async function kept(
  home: string,
  key: string,
  name: string,
  make: (into: string) => Promise<void>,
): Promise<string> {
  const file = path.join(home, key, name);
  if (await exists(file)) return file;
  return alone(path.join(home, `.${key}`), async () => {
    if (await exists(file)) return file;
    await replaced(path.join(home, key), make);
    return file;
  });
}

/** Fills a directory anew, and puts it in the place of the one that is there. */
export async function replaced(directory: string, make: (into: string) => Promise<void>): Promise<void> {
  const home = path.dirname(directory);
  await mkdir(home, { recursive: true });
  const work = await mkdtemp(path.join(home, '.building-'));
  try {
    await make(work);
    await rm(directory, { recursive: true, force: true });
    await rename(work, directory);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Runs a task while no other process of this checkout holds the same lock. Throws `DATA_IN_USE` after ten minutes. */
export async function alone<T>(lock: string, task: () => Promise<T>): Promise<T> {
  await mkdir(path.dirname(lock), { recursive: true });
  const release = await locked(lock);
  try {
    return await task();
  } finally {
    await release();
  }
}

async function locked(lock: string): Promise<Release> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    try {
      return await lockDirectory(lock);
    } catch (thrown) {
      const busy = thrown instanceof PosternError && thrown.code === 'DATA_IN_USE';
      if (!busy || performance.now() > deadline) throw thrown;
    }
  }
}

/** Whether there is such a file or directory. */
export function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
