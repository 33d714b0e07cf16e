import { dirname, join } from 'node:path';
import type { JournalFiles } from './files.js';
import { frameBytes, writeFrame } from './frame.js';

/** A file of a journal: its records from one number on. */
export interface Segment {
  readonly path: string;
  /** Number of the first record in it. */
  readonly first: number;
}

const namePattern = /^(\d{10})\.records$/;

/** Where the segment that begins with this record lies. */
export function segmentPath(directory: string, first: number): string {
  return join(directory, `${String(first).padStart(10, '0')}.records`);
}

/** The segments of a journal, in order. */
export async function listSegments(files: JournalFiles, directory: string): Promise<Segment[]> {
  const names = (await files.list(directory)).sort();
  return names.flatMap((name) => {
    const digits = namePattern.exec(name)?.[1];
    return digits === undefined ? [] : [{ path: join(directory, name), first: Number(digits) }];
  });
}

/** Bytes of a whole file, which is never larger than a segment may be. */
export async function readWhole(files: JournalFiles, path: string): Promise<Buffer> {
  const file = await files.open(path);
  try {
    const buffer = Buffer.allocUnsafe(await file.size());
    return buffer.subarray(0, await file.read(buffer, 0));
  } finally {
    await file.close();
  }
}

/** Makes a journal of one record, and resolves when it is safe on disk. */
export async function beginJournal(files: JournalFiles, directory: string, text: string): Promise<void> {
  const frame = Buffer.allocUnsafe(frameBytes(text));
  writeFrame(frame, 0, { number: 1, safe: 0, text });
  await files.makeDirectory(directory);
  const file = await files.create(segmentPath(directory, 1));
  try {
    await file.write(frame, 0);
    await file.datasync();
  } finally {
    await file.close();
  }
  for (const each of [directory, dirname(directory), dirname(dirname(directory))])
    await files.syncDirectory(each);
}
