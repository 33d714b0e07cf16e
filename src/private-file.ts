import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorText, PosternError } from './errors.js';

/** Makes `directory` (mode 0700) where it is not there yet. Throws `DATA_UNUSABLE`. */
export async function makePrivateDirectory(directory: string): Promise<void> {
  try {
    const made = await mkdir(directory, { recursive: true, mode: 0o700 });
    if (made !== undefined) await chmod(directory, 0o700);
  } catch (cause) {
    throw dataUnusable(directory, cause);
  }
}

/** The content of a private file without blanks at its ends, or undefined when it is not there. Throws `DATA_UNUSABLE`. */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    if (hasErrorCode(cause, 'ENOENT')) return undefined;
    throw dataUnusable(path, cause);
  }
}

/**
 * The content of a private file, made by `create` (mode 0600) when it is not there; its directory is made too. Two
 * processes that come at once get the same: the file appears whole or not at all, and the first one stays. Throws
 * `DATA_UNUSABLE`.
 */
export async function loadOrCreatePrivateFile(path: string, create: () => string): Promise<string> {
  const present = await readPrivateFile(path);
  if (present !== undefined) return present;
  await createPrivateFile(path, `${create()}\n`);
  const made = await readPrivateFile(path);
  if (made === undefined) throw dataUnusable(path, new Error('it vanished while it was being made'));
  return made;
}

/**
 * Makes a file of mode 0600, whole or not at all; its directory is made too. Resolves to false, and leaves it as it is,
 * when there is one already. Throws `DATA_UNUSABLE`.
 */
export async function createPrivateFile(path: string, content: string | Uint8Array): Promise<boolean> {
  const draft = await writeDraft(path, content);
  try {
    await link(draft, path);
    return true;
  } catch (cause) {
    if (hasErrorCode(cause, 'EEXIST')) return false;
    throw dataUnusable(path, cause);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Writes a file of mode 0600 that is never seen half written; its directory is made too. Throws `DATA_UNUSABLE`. */
export async function replacePrivateFile(path: string, content: string | Uint8Array): Promise<void> {
  const draft = await writeDraft(path, content);
  try {
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true });
    throw dataUnusable(path, cause);
  }
}

/** The error for a file or directory of the data directory that cannot be used, with what to do. */
export function dataUnusable(path: string, cause: unknown): PosternError {
  return new PosternError('DATA_UNUSABLE', `cannot use ${path}: ${errorText(cause)}`, {
    hint: 'give another directory with --data, or make this one readable and writable for the user who runs postern',
    cause,
  });
}

/** Whether what was thrown is a system error with this code, such as `ENOENT`. */
export function hasErrorCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}

/** Writes a new file beside `path`, and nothing where that fails; resolves to its path. Throws `DATA_UNUSABLE`. */
async function writeDraft(path: string, content: string | Uint8Array): Promise<string> {
  await makePrivateDirectory(dirname(path));
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    return draft;
  } catch (cause) {
    await rm(draft, { force: true });
    throw dataUnusable(path, cause);
  }
}
