import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PosternError } from '../../errors.js';
import { dataUnusable, hasErrorCode, replacePrivateFile } from '../../private-file.js';
import { mayHold } from './archive.js';
import type { ArchiveFile } from './tar.js';

/** The files of a data directory that a backup holds, without the registry; sorted by name. */
export async function readDataFiles(data: string): Promise<ArchiveFile[]> {
  const names = [
    'hub-instance',
    'nats/port',
    ...(await namesIn(data, 'keys')),
    ...(await namesIn(data, 'tokens')),
    ...(await namesIn(data, 'agent')).map((name) => `${name}/key.nk`),
  ];
  const files: ArchiveFile[] = [];
  for (const name of names.filter(mayHold).sort()) {
    try {
      files.push({ name, content: await readFile(join(data, name)) });
    } catch (thrown) {
      if (!hasErrorCode(thrown, 'ENOENT')) throw dataUnusable(join(data, name), thrown);
    }
  }
  return files;
}

async function namesIn(data: string, folder: string): Promise<string[]> {
  try {
    return (await readdir(join(data, folder))).map((name) => `${folder}/${name}`);
  } catch (thrown) {
    if (hasErrorCode(thrown, 'ENOENT')) return [];
    throw dataUnusable(join(data, folder), thrown);
  }
}

/** Writes files into a data directory, for its owner alone. Throws `DATA_UNUSABLE`. */
export async function writeDataFiles(directory: string, files: readonly ArchiveFile[]): Promise<void> {
  for (const { name, content } of files) await replacePrivateFile(join(directory, name), content);
}

/** True when there is nothing in the directory, or no directory. */
export async function isEmptyDirectory(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).length === 0;
  } catch (thrown) {
    if (hasErrorCode(thrown, 'ENOENT')) return true;
    throw dataUnusable(path, thrown);
  }
}

/** Makes a new directory for its owner alone. Throws `DATA_UNUSABLE`. */
export async function makeNewDirectory(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 });
}

/**
 * Puts a finished directory in the place of another one, which is empty, or moved aside to `aside`; then both are on
 * the disk. Throws `RESTORE_FAILED`, and has changed nothing then.
 */
export async function putInPlace(finished: string, place: string, aside: string | undefined): Promise<void> {
  await syncTree(finished);
  if (aside !== undefined) await rename(place, aside);
  try {
    await rename(finished, place);
  } catch (cause) {
    if (aside !== undefined) await rename(aside, place);
    throw new PosternError('RESTORE_FAILED', `cannot make ${place}`, {
      hint: 'something was put there meanwhile: look, and try again',
      cause,
    });
  }
  await syncDirectory(dirname(place));
}

/** Removes a directory that was not finished. */
export async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

async function syncTree(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const inside = join(path, entry.name);
    if (entry.isDirectory()) await syncTree(inside);
    else if (entry.isFile()) await sync(inside);
  }
  await syncDirectory(path);
}

function syncDirectory(path: string): Promise<void> {
  return sync(path);
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
