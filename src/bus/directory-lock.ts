import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { PosternError } from '../errors.js';
import { dataUnusable } from '../private-file.js';
import { startMark } from './process-identity.js';

const holder = z.object({ pid: z.number().int().positive(), mark: z.string() });
type Holder = z.infer<typeof holder>;

/** Gives the lock back. */
export type Release = () => Promise<void>;

/** Somebody whose file is seen in so many rounds in a row holds the lock; who only tries makes a new file each time. */
const holderRounds = 3;
const mostRounds = 50;
/** The pause between two rounds, in milliseconds: at least, and at most so much more. */
const [pauseMs, pauseJitterMs] = [20, 40];

/**
 * Takes a directory for this process alone, by a file `<path>-<random>`. A lock whose process has ended, however it
 * ended, counts for nothing, even when its process id is another process's now. Throws `DATA_IN_USE`, `DATA_UNUSABLE`.
 *
 * Everybody first makes a file and then looks for others, so that of two the later one sees the earlier; whoever sees
 * another steps back, and tries again a little later. No file name is used twice, which makes it safe to remove a file
 * whose process was found to have ended.
 */
export async function lockDirectory(path: string): Promise<Release> {
  const own: Holder = { pid: process.pid, mark: (await startMark(process.pid)) ?? '' };
  let blocker: string | undefined;
  let seen = 0;
  for (let round = 0; round < mostRounds; round++) {
    const file = await makeFile(path, own);
    const other = await findOther(path, file);
    if (other === undefined) return () => rm(file, { force: true });
    await rm(file, { force: true });
    seen = other.file === blocker ? seen + 1 : 1;
    blocker = other.file;
    if (seen === holderRounds) throw inUse(path, other.pid);
    await sleep(pauseMs + Math.random() * pauseJitterMs);
  }
  throw inUse(path, undefined);
}

async function makeFile(path: string, own: Holder): Promise<string> {
  const id = randomBytes(9).toString('hex');
  const draft = `${path}.${id}.tmp`;
  const file = `${path}-${id}`;
  try {
    await writeFile(draft, JSON.stringify(own), { mode: 0o600, flag: 'wx' });
    await rename(draft, file);
  } catch (cause) {
    throw dataUnusable(path, cause);
  }
  return file;
}

/** A file beside `mine` whose process lives; files of processes that have ended are removed. */
async function findOther(path: string, mine: string): Promise<{ file: string; pid: number } | undefined> {
  const directory = dirname(path);
  const prefix = `${basename(path)}-`;
  for (const name of (await readdir(directory)).sort()) {
    const file = join(directory, name);
    if (!name.startsWith(prefix) || file === mine) continue;
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const found = parse(text);
    if (found !== undefined && (await startMark(found.pid)) === found.mark) return { file, pid: found.pid };
    await rm(file, { force: true });
  }
  return undefined;
}

function parse(text: string): Holder | undefined {
  try {
    return holder.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function inUse(path: string, pid: number | undefined): PosternError {
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  return new PosternError('DATA_IN_USE', `${who} uses the data directory ${dirname(path)} already`, {
    hint: 'stop that one first, or give this one a directory of its own with --data',
  });
}
