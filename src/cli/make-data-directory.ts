import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { errorText, PosternError } from '../errors.js';
import { hasErrorCode } from '../private-file.js';

/**
 * Makes the data directory and what is missing above it, for this user alone; resolves to its absolute path. Throws
 * `DATA_UNUSABLE`.
 */
export async function makeDataDirectory(data: string): Promise<string> {
  const path = resolve(data);
  try {
    // One by one: on file systems that take no directories, such as /proc, Node's own recursive way never ends.
    const missing: string[] = [];
    for (let at = path; !(await isDirectory(at)); at = dirname(at)) missing.push(at);
    for (const directory of missing.reverse()) await makeOne(directory);
    return path;
  } catch (thrown) {
    throw new PosternError('DATA_UNUSABLE', `cannot make the data directory ${path}: ${errorText(thrown)}`, {
      hint: 'choose one that this user may write to, with --data DIR',
      cause: thrown,
    });
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return true;
    throw new Error(`${path} is no directory`);
  } catch (thrown) {
    if (hasErrorCode(thrown, 'ENOENT')) return false;
    throw thrown;
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (thrown) {
    // Another process may be as quick.
    if (!hasErrorCode(thrown, 'EEXIST')) throw thrown;
  }
}
