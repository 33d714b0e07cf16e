import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { longestLogPath } from '../../bus/log-messages.js';
import { PosternError } from '../../errors.js';
import { type Forbidden, seen } from './forbidden.js';
import { isPlainName, walk } from './list-directory.js';
import type { LogRoot } from './roots.js';

/** A log file that is there. */
export interface LogFileFacts {
  /** As it is shown, with slashes. */
  readonly path: string;
  readonly size: number;
  /** Unix time in milliseconds. */
  readonly modifiedMs: number;
}

/** More files are not shown. */
export const mostFiles = 10_000;

/** The log files of an agent: those in its places of logs, and nothing that only looks as if it were there. */
export class LogFiles {
  readonly #roots: readonly LogRoot[];
  readonly #forbidden: Forbidden;

  constructor(roots: readonly LogRoot[], forbidden: Forbidden) {
    this.#roots = roots;
    this.#forbidden = forbidden;
  }

  /** All files, by path, and how many entries are not shown. */
  async list(): Promise<{ files: LogFileFacts[]; leftOut: number }> {
    const found = new Map<string, LogFileFacts>();
    let leftOut = 0;
    for (const root of this.#roots) {
      const real = await realpath(root.path).catch(() => undefined);
      if (real === undefined) continue;
      if (!root.own && (await this.#forbidden.covers(real))) {
        leftOut++;
        continue;
      }
      const walked = await walk(real, root.own ? undefined : this.#forbidden, mostFiles - found.size);
      leftOut += walked.leftOut;
      for (const { relative, size, mtimeMs } of walked.files) {
        const below = relative === '' ? basename(root.path) : relative;
        const path = root.label === '' ? below : `${root.label}/${below}`;
        if (found.has(path) || path.length > longestLogPath) leftOut++;
        else found.set(path, { path, size, modifiedMs: mtimeMs });
      }
    }
    const files = [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    return { files, leftOut };
  }

  /**
   * Opens a file for reading; undefined: it is not there now, though it could be. Throws `LOG_UNKNOWN` for what is in no
   * place of logs.
   */
  async open(path: string): Promise<FileHandle | undefined> {
    const parts = path.split('/');
    if (path.length > longestLogPath || !parts.every(isPlainName)) throw unknown(path);
    let couldBe = false;
    for (const root of this.#roots) {
      if (root.label !== '' && root.label !== parts[0]) continue;
      const below = (root.label === '' ? parts : parts.slice(1)).join('/');
      if (below === '') continue;
      couldBe = true;
      const real = await this.#realOf(root, below, path);
      if (real !== undefined) return openReal(real, path);
    }
    if (!couldBe) throw unknown(path);
    return undefined;
  }

  /** The real path of what is called so in a place of logs; undefined: there is nothing. Throws `LOG_UNKNOWN`. */
  async #realOf(root: LogRoot, below: string, path: string): Promise<string | undefined> {
    const top = await realpath(root.path).catch(() => undefined);
    if (top === undefined) return undefined;
    const isFile = (await seen(top))?.isFile() === true;
    // a place that is a single file has only that, by its own name
    if (root.own || isFile ? !isFile || below !== basename(root.path) : false) return undefined;
    const real = isFile ? top : await realpath(join(top, below)).catch(() => undefined);
    if (real === undefined) return undefined;
    const leadsOut = !isFile && !real.startsWith(top + sep);
    if (leadsOut || (!root.own && (await this.#forbidden.covers(real)))) throw unknown(path);
    return real;
  }
}

/**
 * Opens what a real path names, if it is a regular file with this one name: a second name could be in any directory. A
 * directory on the way that has become a link meanwhile leads nowhere.
 */
async function openReal(real: string, path: string): Promise<FileHandle | undefined> {
  let file: FileHandle;
  try {
    // not blocked by a pipe that nobody writes to
    file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    if (code === 'ENOENT') return undefined;
    if (code === 'EACCES')
      throw new PosternError('LOG_UNREADABLE', `the agent's user may not read ${shown(path)}`);
    throw unknown(path);
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.nlink > 1 || (await openedAt(file, real)) !== real) throw unknown(path);
    return file;
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}

/** The path of an open file, where the system can tell; else whether the path still leads to itself. */
async function openedAt(file: FileHandle, real: string): Promise<string> {
  return readlink(`/proc/self/fd/${file.fd}`).catch(() => realpath(real));
}

function unknown(path: string): PosternError {
  return new PosternError('LOG_UNKNOWN', `there is no log file ${shown(path)}`, {
    hint: 'see what there is with `postern logs NODE`',
  });
}

function shown(path: string): string {
  return JSON.stringify(path.slice(0, 256));
}
