import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, PosternError } from '../errors.js';

/**
 * Makes `directory` (mode 0700) where it is not there yet. Throws `DATA_UNWRITABLE` when that cannot be done.
 */
export async function makePrivateDirectory(directory: string): Promise<void> {
  try {
    const made = await mkdir(directory, { recursive: true, mode: 0o700 });
    if (made !== undefined) await chmod(directory, 0o700);
  } catch (cause) {
    throw unwritable(directory, cause);
  }
}

/** The error for a data directory that cannot be written, with what to do. */
export function unwritable(path: string, cause: unknown): PosternError {
  return new PosternError('DATA_UNWRITABLE', `cannot write ${path}: ${errorText(cause)}`, {
    hint: 'give another directory with --data, or make this one writable for the user who runs postern',
    cause,
  });
}

/**
 * The text of the secret file `directory/name`, made by `create` (mode 0600) when it is not there. Two processes that
 * come at once get the same text: the file appears whole or not at all, and the first one stays. Throws
 * `DATA_UNWRITABLE` when it can be neither read nor made.
 */
export async function loadOrCreateSecret(
  directory: string,
  name: string,
  create: () => string,
): Promise<string> {
  const path = join(directory, name);
  const present = await readIfThere(path);
  if (present !== undefined) return present;
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeSynced(draft, `${create()}\n`);
    await link(draft, path).catch((cause: unknown) => {
      if (!isCode(cause, 'EEXIST')) throw cause;
    });
  } catch (cause) {
    throw unwritable(path, cause);
  } finally {
    await rm(draft, { force: true });
  }
  const text = await readIfThere(path);
  if (text === undefined) throw unwritable(path, new Error('it vanished while it was being made'));
  return text;
}

/** Whether what was thrown is a system error with this code, such as `ENOENT`. */
export function isCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    if (isCode(cause, 'ENOENT')) return undefined;
    throw unwritable(path, cause);
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
