import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorText, PosternError } from '../errors.js';

/** True when the error says that a file is not there, or is there already. */
function isErrno(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}

/** Writes the content to a new file beside `path` that only this user may read; resolves to its path. */
async function writeBeside(path: string, content: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  return temporary;
}

function unusable(path: string, thrown: unknown): PosternError {
  return new PosternError('DATA_UNUSABLE', `cannot use ${path}: ${errorText(thrown)}`, {
    hint: 'choose a data directory that this user may read and write, with --data DIR',
    cause: thrown,
  });
}

/** The content of a private file, or undefined when it is not there. Throws `DATA_UNUSABLE`. */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if (isErrno(thrown, 'ENOENT')) return undefined;
    throw unusable(path, thrown);
  }
}

/**
 * Creates a file with mode 0600, whole or not at all. When another process is first, its content stays. Resolves to
 * what the file holds. Throws `DATA_UNUSABLE`.
 */
export async function createPrivateFile(path: string, content: string): Promise<string> {
  try {
    const temporary = await writeBeside(path, content);
    try {
      await link(temporary, path);
      return content;
    } catch (thrown) {
      if (!isErrno(thrown, 'EEXIST')) throw thrown;
      return await readFile(path, 'utf8');
    } finally {
      await rm(temporary, { force: true });
    }
  } catch (thrown) {
    throw unusable(path, thrown);
  }
}

/** Replaces a file atomically, mode 0600. Throws `DATA_UNUSABLE`. */
export async function replacePrivateFile(path: string, content: string): Promise<void> {
  try {
    await rename(await writeBeside(path, content), path);
  } catch (thrown) {
    throw unusable(path, thrown);
  }
}
