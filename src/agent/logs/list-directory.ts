import { opendir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { type Forbidden, identityOf, seen } from './forbidden.js';

/** Directories lie in each other at most so deep. */
const deepest = 16;
/** More entries are not looked at. */
const mostEntries = 100_000;
/** Characters that no name of a shown file has: control characters, what stands for bytes that are no text, backslash. */
const strange = /[\p{C}\p{Zl}\p{Zp}\ufffd\\]/u;

/** Whether a name may be a part of a path. */
export function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !strange.test(name);
}

/** A file, by its path below where the walk began; '' for that itself. */
export interface WalkedFile {
  readonly relative: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/**
 * All regular files below a real path. Left out, and counted: links to anything but a file within, what is neither file nor
 * directory, files with more than one name, strange names, what is forbidden, cannot be read or is too much.
 */
export async function walk(
  top: string,
  forbidden: Forbidden | undefined,
  most: number,
): Promise<{ files: WalkedFile[]; leftOut: number }> {
  const files: WalkedFile[] = [];
  const secret = (await forbidden?.identities()) ?? [];
  let [leftOut, entries] = [0, 0];
  const take = async (path: string, relative: string, depth: number): Promise<void> => {
    const found = await seen(path);
    if (found?.isDirectory() === true) return directory(path, relative, depth);
    const isLink = found?.isSymbolicLink() === true;
    const target = isLink ? await withinTop(path) : path;
    const facts = isLink && target !== undefined ? await stat(target).catch(() => undefined) : found;
    const hidden =
      facts?.isFile() !== true ||
      facts.nlink > 1 ||
      files.length >= most ||
      secret.includes(identityOf(facts));
    if (hidden || target === undefined || (isLink && (await forbidden?.covers(target)) === true)) leftOut++;
    else files.push({ relative, size: facts.size, mtimeMs: facts.mtimeMs });
  };
  /** Where a link leads, if that is within. */
  const withinTop = async (path: string): Promise<string | undefined> => {
    const real = await realpath(path).catch(() => undefined);
    return real?.startsWith(top + sep) === true ? real : undefined;
  };
  const directory = async (path: string, relative: string, depth: number): Promise<void> => {
    const hidden = depth > deepest || (await forbidden?.covers(path)) === true;
    const listed = hidden ? undefined : await opendir(path).catch(() => undefined);
    if (listed === undefined) {
      leftOut++;
      return;
    }
    for await (const { name } of listed) {
      entries++;
      if (entries > mostEntries || !isPlainName(name)) leftOut++;
      else await take(join(path, name), relative === '' ? name : `${relative}/${name}`, depth + 1);
    }
  };
  await take(top, '', 0);
  return { files, leftOut };
}
