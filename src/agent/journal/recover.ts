import { isLast, type ResultRecord, resultRecord } from '../../bus/result-records.js';
import type { JournalFiles } from './files.js';
import { type Frame, scanFrames } from './frame.js';
import { listSegments, readWhole, type Segment } from './segments.js';

/** What was found in the files of a journal. */
export interface Recovered {
  /** Number of the last record; 0: there is none. */
  readonly last: number;
  /** Bytes at the end that were never wholly written, or lie behind the last record. */
  readonly cut: number;
  /** The segment that is written on, and where its last good record ends; undefined: there is no segment. */
  readonly tail: (Segment & { readonly end: number }) | undefined;
  /** Nothing comes behind the last record. */
  readonly closed: boolean;
  /** Bytes on disk that are kept. */
  readonly bytes: number;
}

/** Stands for records that cannot be read any more. */
export function damagedRecord(n: number, to: number): ResultRecord {
  return { n, at: 0, k: 'damaged', to };
}

/** The record that a body holds; undefined where another version has written it. */
export function parseRecord(text: string): ResultRecord | undefined {
  try {
    return resultRecord.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/**
 * Reads a journal from its first record to its last. What is missing before the last record that was known to be safe on
 * disk is damage, and given to `visit` as such; what is missing behind it was never promised to anybody, and the journal
 * ends there. Nothing is changed on disk.
 */
export async function recover(
  files: JournalFiles,
  directory: string,
  visit: (record: ResultRecord, text: string) => void,
): Promise<Recovered> {
  const segments = await listSegments(files, directory);
  const safe = await lastSafe(files, segments);
  let last = 0;
  let closed = false;
  let broken = false;
  let bytes = 0;
  let size = 0;
  let end = 0;

  const take = (record: ResultRecord, text: string): void => {
    visit(record, text);
    closed = isLast(record);
  };
  const damage = (to: number): void => {
    const record = damagedRecord(last + 1, to);
    take(record, JSON.stringify(record));
    last = to;
  };
  const frame = (found: Frame): boolean => {
    if (found.number <= last) return true;
    if (found.number > last + 1) {
      if (last + 1 <= safe) damage(Math.min(safe, found.number - 1));
      broken = found.number > last + 1;
      if (broken) return false;
    }
    const text = found.body.toString();
    const record = parseRecord(text);
    if (record === undefined || record.n !== found.number) damage(found.number);
    else take(record, text);
    last = found.number;
    end = found.end;
    return !closed;
  };

  for (const segment of segments) {
    const buffer = await readWhole(files, segment.path);
    size = buffer.length;
    end = 0;
    if (!closed && !broken) scanFrames(buffer, frame);
    bytes += end;
  }
  if (!closed && last < safe) damage(safe);
  const tail = segments.at(-1);
  return { last, closed, bytes, cut: size - end, tail: tail === undefined ? undefined : { ...tail, end } };
}

/** Number of the last record that somebody may have been told is safe. */
async function lastSafe(files: JournalFiles, segments: readonly Segment[]): Promise<number> {
  const tail = segments.at(-1);
  if (tail === undefined) return 0;
  // a segment is begun when all before it is safe
  let safe = tail.first - 1;
  scanFrames(await readWhole(files, tail.path), (found) => {
    safe = Math.max(safe, found.safe);
    return true;
  });
  return safe;
}
