import { constants, type Stats } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { errorText, PosternError } from '../../errors.js';
import { hasErrorCode } from '../../private-file.js';

/** What is to be undone is far shorter, bytes. */
const mostBytes = 8 * 2 ** 20;
const mayOthersWrite = 0o022;

/**
 * The content of a file that nobody else can have written, or undefined when it is not there: what is to be undone names
 * programs that are run, by root perhaps. Throws `NOT_OURS` where it belongs to somebody else, others may write it, or it is
 * no plain file.
 */
export async function readOwnFile(path: string): Promise<string | undefined> {
  // A link is not followed, and whoever has put a pipe there is not waited for.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((thrown: unknown) => {
    if (hasErrorCode(thrown, 'ENOENT')) return undefined;
    throw notOurs(path, errorText(thrown));
  });
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw notOurs(path, 'it is no plain file');
    if (stats.size > mostBytes) throw notOurs(path, `it has ${stats.size} bytes`);
    checkOwner(path, stats);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Throws `NOT_OURS` where a directory is a link, belongs to somebody else, or others may write in it; not where there is none. */
export async function checkOwnDirectory(path: string): Promise<void> {
  const stats = await lstat(path).catch((thrown: unknown) => {
    if (hasErrorCode(thrown, 'ENOENT')) return undefined;
    throw notOurs(path, errorText(thrown));
  });
  if (stats === undefined) return;
  if (!stats.isDirectory()) throw notOurs(path, 'it is no directory');
  checkOwner(path, stats);
}

function checkOwner(path: string, { uid, mode }: Stats): void {
  const self = process.getuid?.();
  if (self === undefined) return;
  if (uid !== self) throw notOurs(path, `it belongs to user ${uid}, and this is user ${self}`);
  if ((mode & mayOthersWrite) !== 0) throw notOurs(path, 'others may write it');
}

function notOurs(path: string, why: string): PosternError {
  return new PosternError('NOT_OURS', `${path} is not believed: ${why}`, {
    hint: 'run this as the user whose agent it is',
  });
}
