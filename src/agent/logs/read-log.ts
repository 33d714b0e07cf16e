import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { PosternError } from '../../errors.js';
import type { LogFiles } from './log-files.js';

/** What has become of a file that is followed. */
export type LogEvent = 'rotated' | 'truncated' | 'gone';

/** Some bytes of a log, maybe none, and what has happened before them. */
export interface LogChunk {
  readonly data: Buffer;
  /** Where in the file they begin. */
  readonly offset: number;
  readonly event?: LogEvent;
}

/** Which part of a log is read. */
export interface LogRange {
  readonly offset: number;
  /** So many lines of the end, instead of `offset`. */
  readonly tailLines: number | undefined;
  readonly follow: boolean;
}

/** Read at once, in bytes. */
const chunkBytes = 64 * 1024;
/** A file that is followed is looked at this often, milliseconds. */
const lookMs = 200;
/** Whoever writes to a file that was renamed has so long to notice, milliseconds. */
const leaveMs = 1_000;
/** The last lines are looked for in so many bytes of the end. */
const longestTail = 64 * 2 ** 20;

/**
 * Reads a log, and goes on as `tail -F` does where it is followed: what is written to a file that was renamed is read to
 * its end before the new one is begun; one that becomes shorter is begun anew. Throws `LOG_UNKNOWN`, and `LOG_MISSING` for
 * one that is not there and not followed.
 */
export async function* readLog(
  files: Pick<LogFiles, 'open'>,
  path: string,
  { offset, tailLines, follow }: LogRange,
  signal: AbortSignal,
): AsyncGenerator<LogChunk> {
  let file = await files.open(path);
  let position = 0;
  let leftAtMs: number | undefined;
  try {
    if (file === undefined) {
      if (!follow) throw new PosternError('LOG_MISSING', `the log file ${JSON.stringify(path)} is not there`);
      yield { data: Buffer.alloc(0), offset: 0, event: 'gone' };
    } else {
      const { size } = await file.stat();
      position = tailLines === undefined ? Math.min(offset, size) : await startOfTail(file, size, tailLines);
    }
    for (;;) {
      if (file !== undefined) {
        const chunk: Buffer = Buffer.allocUnsafe(chunkBytes);
        const { bytesRead } = await file.read(chunk, 0, chunkBytes, position);
        if (bytesRead > 0) {
          yield { data: chunk.subarray(0, bytesRead), offset: position };
          position += bytesRead;
          continue;
        }
      }
      if (!follow || signal.aborted) return;
      const next: Awaited<ReturnType<typeof lookAgain>> = await lookAgain(files, path, file, position);
      const leaves = next !== 'same' && next.event !== 'truncated' && file !== undefined;
      if (leaves) leftAtMs ??= performance.now();
      const isEarly = leaves && performance.now() - (leftAtMs ?? 0) < leaveMs;
      if (next === 'same' || isEarly) {
        if (next !== 'same') await next.file?.close();
        await sleep(lookMs, undefined, { signal }).catch(() => {});
        continue;
      }
      leftAtMs = undefined;
      if (next.file !== file) await file?.close();
      file = next.file;
      position = 0;
      yield { data: Buffer.alloc(0), offset: 0, event: next.event };
    }
  } finally {
    await file?.close();
  }
}

/** What is there now under the name of a file that was read to its end; undefined `file`: nothing. */
async function lookAgain(
  files: Pick<LogFiles, 'open'>,
  path: string,
  file: FileHandle | undefined,
  position: number,
): Promise<'same' | { file: FileHandle | undefined; event: LogEvent }> {
  // what cannot be read now may be so later: it is one that was put there by a careless hand, or is half made
  const now = await files.open(path).catch(() => undefined);
  if (now === undefined) return file === undefined ? 'same' : left(file, position, undefined);
  const is = await now.stat({ bigint: true });
  const was = await file?.stat({ bigint: true });
  if (file === undefined || was === undefined) return { file: now, event: 'rotated' };
  if (is.ino !== was.ino || is.dev !== was.dev) return left(file, position, now);
  await now.close();
  return was.size < position ? { file, event: 'truncated' } : 'same';
}

/** A file that has another name now is read to its end first. */
async function left(
  file: FileHandle,
  position: number,
  next: FileHandle | undefined,
): Promise<'same' | { file: FileHandle | undefined; event: LogEvent }> {
  const { size } = await file.stat();
  if (size > position) {
    await next?.close();
    return 'same';
  }
  return { file: next, event: next === undefined ? 'gone' : 'rotated' };
}

/** Where the last lines begin. A line that is not ended is one. */
async function startOfTail(file: FileHandle, size: number, lines: number): Promise<number> {
  if (lines === 0) return size;
  const least = Math.max(0, size - longestTail);
  let seen = 0;
  for (let end = size; end > least; ) {
    const begin = Math.max(least, end - chunkBytes);
    const chunk = Buffer.alloc(end - begin);
    const { bytesRead } = await file.read(chunk, 0, chunk.length, begin);
    for (let at = bytesRead - 1; at >= 0; at--) {
      // the end of the last line begins none
      if (chunk[at] !== 0x0a || begin + at === size - 1) continue;
      seen++;
      if (seen === lines) return begin + at + 1;
    }
    end = begin;
  }
  return least;
}
