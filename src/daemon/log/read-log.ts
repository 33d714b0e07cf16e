import type { FileHandle } from 'node:fs/promises';
import { PosternError } from '../../errors.js';
import { fileMagic, headerBytes, maxBodyBytes, nextRecord, type Place, recordAt } from './record.js';

/** What is sound of a file. */
export interface Kept {
  readonly salt: Uint8Array;
  /** Where its last sound record ends. */
  readonly end: number;
}

/** So much is read at once, at least; a whole record always fits. */
const windowBytes = 2 * (maxBodyBytes + 64);

/**
 * Reads a log from its beginning, and gives each entry. Undefined where there is not even a whole header. Throws
 * `LOG_DAMAGED` where a broken record has a sound one after it, or the file is none of ours: cutting it off would lose
 * what was acknowledged.
 */
export async function readLog(
  file: FileHandle,
  path: string,
  onEntry: (entry: Buffer, place: Place) => void,
): Promise<Kept | undefined> {
  const { size } = await file.stat();
  if (size < headerBytes) return undefined;
  const header = await readAt(file, 0, headerBytes);
  if (!header.subarray(0, fileMagic.length).equals(fileMagic)) throw damaged(path, 0);
  const salt = header.subarray(fileMagic.length);
  let end = headerBytes;
  let window: Buffer = Buffer.alloc(0);
  let from = end;
  while (end < size) {
    let record = recordAt(window, end - from, salt);
    if (record === undefined) {
      from = end;
      window = await readAt(file, from, Math.min(windowBytes, size - from));
      record = recordAt(window, 0, salt);
    }
    if (record === undefined) {
      if (await soundAfter(file, end + 1, size, salt)) throw damaged(path, end);
      break;
    }
    for (const { offset, length } of record.places) {
      onEntry(window.subarray(offset, offset + length), { offset: from + offset, length });
    }
    end = from + record.end;
  }
  return { salt, end };
}

/** Whether a sound record begins anywhere from `at` on. */
async function soundAfter(file: FileHandle, at: number, size: number, salt: Uint8Array): Promise<boolean> {
  // Windows overlap by half, so that each record is whole in one of them.
  for (let from = at; from < size; from += windowBytes / 2) {
    const window = await readAt(file, from, Math.min(windowBytes, size - from));
    if (nextRecord(window, 0, salt) !== undefined) return true;
  }
  return false;
}

async function readAt(file: FileHandle, at: number, bytes: number): Promise<Buffer> {
  const data = Buffer.allocUnsafe(bytes);
  let done = 0;
  while (done < bytes) {
    const { bytesRead } = await file.read(data, done, bytes - done, at + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return data.subarray(0, done);
}

function damaged(path: string, at: number): PosternError {
  return new PosternError('LOG_DAMAGED', `the log ${path} is broken at byte ${at}, and goes on behind it`, {
    hint: 'restore the file; without it, begin with a new data directory and join the groups again',
  });
}
