import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { createGunzip } from 'node:zlib';
import { errorText, PosternError } from '../../errors.js';
import { longestFile, type RunFile } from '../../inspector/run-file/format.js';
import { RunFileReader } from '../../inspector/run-file/reader.js';

/** Reads a file of a run, packed or not. Throws `RUN_FILE_INVALID`, which says the line, and `RUN_FILE_UNREADABLE`. */
export async function readRunFile(file: string): Promise<RunFile> {
  const packed = await isPacked(file).catch((thrown: unknown) => {
    throw unreadable(file, thrown);
  });
  const stream = createReadStream(file);
  const unpacking = packed ? createGunzip() : undefined;
  if (unpacking !== undefined) stream.on('error', (thrown) => unpacking.destroy(thrown)).pipe(unpacking);
  const reader = new RunFileReader(path.basename(file));
  try {
    for await (const bytes of unpacking ?? stream) reader.push(bytes);
    return reader.end();
  } catch (thrown) {
    throw thrown instanceof PosternError ? thrown : unreadable(file, thrown);
  } finally {
    stream.destroy();
    unpacking?.destroy();
  }
}

async function isPacked(file: string): Promise<boolean> {
  const { size } = await stat(file);
  if (size > longestFile) throw new Error(`it is longer than ${longestFile / 1024 ** 2} MiB`);
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}

function unreadable(file: string, thrown: unknown): PosternError {
  return new PosternError('RUN_FILE_UNREADABLE', `cannot read ${file}: ${errorText(thrown)}`, {
    exitCode: 2,
    cause: thrown,
  });
}
