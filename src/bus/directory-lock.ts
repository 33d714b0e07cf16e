import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { PosternError } from '../errors.js';
import { isCode, unwritable } from './key-files.js';
import { startMark } from './process-identity.js';

const holder = z.object({ pid: z.number().int().positive(), mark: z.string(), id: z.string() });
type Holder = z.infer<typeof holder>;

/** Gives the lock back. */
export type Release = () => Promise<void>;

/**
 * Takes a directory for this process alone, by the lock file `path`. A lock whose process has ended, however it ended,
 * counts for nothing, even when its process id is another process's now. Throws `DATA_IN_USE`, `DATA_UNWRITABLE`.
 */
export async function lockDirectory(path: string): Promise<Release> {
  const id = randomBytes(9).toString('base64url');
  const mark = (await startMark(process.pid)) ?? '';
  const draft = `${path}.${id}`;
  try {
    await writeFile(draft, JSON.stringify({ pid: process.pid, mark, id } satisfies Holder), { mode: 0o600 });
  } catch (cause) {
    throw unwritable(path, cause);
  }
  try {
    // each round but the last meets a lock that was left over, or taken or given back in this very moment
    for (let round = 0; round < 20; round++) {
      if (await linked(draft, path)) return () => giveBack(path, id);
      const present = await read(path);
      if (present !== undefined && (await startMark(present.pid)) === present.mark) {
        throw inUse(path, present.pid);
      }
      await clear(path, present?.id);
    }
    throw inUse(path, undefined);
  } finally {
    await rm(draft, { force: true });
  }
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (cause) {
    if (isCode(cause, 'EEXIST')) return false;
    throw unwritable(path, cause);
  }
}

/** Removes the lock that was found to be left over; another that took its place meanwhile is put back. */
async function clear(path: string, staleId: string | undefined): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}.old`;
  try {
    await rename(path, aside);
  } catch (cause) {
    if (isCode(cause, 'ENOENT')) return;
    throw unwritable(path, cause);
  }
  if ((await read(aside))?.id !== staleId) await linked(aside, path);
  await rm(aside, { force: true });
}

async function giveBack(path: string, id: string): Promise<void> {
  if ((await read(path))?.id === id) await rm(path, { force: true });
}

/** Undefined for a lock that is not there or says nothing. */
async function read(path: string): Promise<Holder | undefined> {
  try {
    return holder.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

function inUse(path: string, pid: number | undefined): PosternError {
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  return new PosternError('DATA_IN_USE', `${who} uses this data directory already (${path})`, {
    hint: 'stop that one first, or give this one a directory of its own with --data',
  });
}
